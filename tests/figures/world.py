"""A small office for tests of figures: units, lists, and histories written as the gate would.

``Book`` appends events of several cases to a bare database (no triggers) and posts the difference
of each, so that a test can ask for any day and any known-at afterwards.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from ecoissues.core.digests import facts_text
from ecoissues.core.events import CORRECTIONS, Event, live
from ecoissues.core.instants import day_of, instant_text
from ecoissues.core.units import Unit, UnitTree
from ecoissues.figures.postings import insert_values, values_of
from ecoissues.figures.standing import difference, standing_rows
from ecoissues.storage import tables as t
from ecoissues.storage.engine import Store
from ecoissues.storage.reference import ListRow, load_lists, load_tree

LISTS = ("city-list", "north-list")
TABLES = (t.postings, t.events, t.cases, t.day_sums, t.checkpoints, t.generations, t.head)


def unit(id_: int, code: str, kind: str, above: Unit | None) -> Unit:
    path = f"{above.path if above else '/'}{id_}/"
    top = id_ if above is None or above.parent_id is None else above.top_id
    return Unit(id_, code, f"{code}单位", code, kind, above.id if above else None, path, path, top)


def small_tree() -> UnitTree:
    """A city with two districts, their bureaus and a town below one bureau, and a department."""
    city = unit(1, "CITY", "municipality", None)
    north, south = unit(2, "NORTH", "district", city), unit(3, "SOUTH", "district", city)
    water = unit(4, "WATER", "department", city)
    n1, n2 = unit(11, "N1", "bureau", north), unit(12, "N2", "bureau", north)
    town = unit(111, "N1T", "town", n1)
    s1 = unit(21, "S1", "bureau", south)
    return UnitTree([city, north, south, water, n1, n2, town, s1])


def event(
    seq: int, day: date, source: str, target: str, phase: str, step: str = "step", **facts: Any
) -> Event:
    """An event of one case, as the log holds it."""
    return Event(
        seq=seq, pos=seq, step=step, source=source, target=target, phase=phase, actor="someone",
        role="officer", effective_on=day, recorded_at="", facts=facts,
    )  # fmt: skip


def clock(op: str, due: date | None, slot: str, *met_by: str) -> dict[str, Any]:
    fact: dict[str, Any] = {"op": op, "slot": slot, "met_by": list(met_by)}
    return {**fact, "due": due.isoformat()} if due else fact


class Book:
    """Cases and their logs in a database; ``write`` adds an event and posts its difference."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.instant = datetime(2023, 11, 20, 1, tzinfo=UTC)
        self.pos = 0
        self.logs: dict[int, list[Event]] = {}
        self.unsaved: list[tuple[int, Event]] = []
        self.postings: list[tuple[Any, ...]] = []
        with store.writing() as connection:
            for table in TABLES:
                connection.execute(delete(table))
            connection.execute(
                insert(t.head).values(id=1, pos=0, recorded_at=instant_text(self.instant))
            )
            if not connection.execute(select(t.units.c.id)).first():
                _reference(connection)
            self.tree = load_tree(connection)
            self.lists: dict[int, ListRow] = load_lists(connection)
        self.ids = {row.code: row.id for row in self.lists.values()}

    @property
    def today(self) -> date:
        return day_of(instant_text(self.instant))

    def later(self, hours: int) -> None:
        """Let time go on."""
        self.instant += timedelta(hours=hours, microseconds=1)

    def standing(self, case_id: int) -> list[Event]:
        """What stands and may be corrected: the gate corrects no correction."""
        found = live(self.logs.get(case_id, []))
        return [one for one in found if one.step not in CORRECTIONS]

    def write(
        self, case_id: int, day: date, target: str, phase: str, step: str = "step", **facts: Any
    ) -> Event:
        """Append one event to a case (its first: its registration) and post what it changes."""
        log = self.logs.setdefault(case_id, [])
        source = log[-1].target if log else ""
        self.pos += 1
        written = Event(
            seq=len(log) + 1, pos=self.pos, step=step, source=source, target=target, phase=phase,
            actor="someone", role="officer", effective_on=day,
            recorded_at=instant_text(self.instant), facts=facts,
        )  # fmt: skip
        home = LISTS[case_id % 2]
        before = standing_rows(live(log), self.tree, self.ids, home)
        log.append(written)
        after = standing_rows(live(log), self.tree, self.ids, home)
        changes = difference(before, after)
        self.unsaved.append((case_id, written))
        self.postings += values_of(case_id, self.pos, self.today, changes)
        self.later(0)
        return written

    def save(self) -> None:
        """Write what has happened since the last time, in one transaction."""
        if self.unsaved:
            with self.store.writing() as connection:
                self._insert(connection)
                insert_values(connection, self.postings)
        self.unsaved, self.postings = [], []

    def _insert(self, connection: Connection) -> None:
        born = [case_id for case_id, one in self.unsaved if one.seq == 1]
        if born:
            connection.execute(insert(t.cases), [self._case(case_id) for case_id in born])
        connection.execute(insert(t.events), [_row(*one) for one in self.unsaved])
        for case_id, log in self.logs.items():
            connection.execute(
                update(t.cases)
                .where(t.cases.c.id == case_id)
                .values(version=log[-1].seq, state=log[-1].target)
            )
        last = self.unsaved[-1][1]
        connection.execute(update(t.head).values(pos=last.pos, recorded_at=last.recorded_at))

    def _case(self, case_id: int) -> dict[str, Any]:
        return {
            "id": case_id, "list_id": self.ids[LISTS[case_id % 2]], "number": str(case_id),
            "kind": "some", "kind_version": 1, "registered_on": "2023-01-01", "unit_id": 1,
            "top_id": 1, "moved_on": "2023-01-01",
        }  # fmt: skip


def _row(case_id: int, written: Event) -> dict[str, Any]:
    return {
        "case_id": case_id, "seq": written.seq, "pos": written.pos,
        "prev_seq": written.seq - 1 or None, "step": written.step, "from_state": written.source,
        "to_state": written.target, "phase": written.phase, "actor": written.actor,
        "role": written.role, "unit": "CITY", "effective_on": written.effective_on.isoformat(),
        "recorded_at": written.recorded_at, "channel": "page", "facts": facts_text(written.facts),
        "digest": "0" * 64, "previous": "0" * 64,
    }  # fmt: skip


def _reference(connection: Connection) -> None:
    for one in small_tree().by_id.values():
        connection.execute(
            insert(t.units).values(
                id=one.id, code=one.code, name=one.name, short=one.short, kind=one.kind,
                parent_id=one.parent_id, path=one.path, scope_path=one.scope_path,
                top_id=one.top_id, position=one.id,
            )
        )  # fmt: skip
    for place, (code, unit_id) in enumerate(zip(LISTS, (1, 2), strict=True), 1):
        connection.execute(
            insert(t.lists).values(
                id=place, code=code, title=code, kind="some", kind_version=1, level="municipal",
                unit_id=unit_id, position=place,
            )
        )  # fmt: skip


def create_tables(engine: Engine) -> None:
    """Create every table without the triggers: here events are written straight into them."""
    with engine.execution_options(write=True).begin() as connection:
        t.metadata.create_all(connection)
