"""Lists of cases: one filter makes the WHERE for the page, its count, the desk and the export.

A filter is a small mapping that an address can hold. Whatever counts or lists cases asks
``conditions`` here, so a number and the rows behind it are equal by construction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from ecoissues.core import vocabulary as v
from ecoissues.core.deadlines import yellow_until
from ecoissues.core.errors import Refused
from ecoissues.core.policy import Actor
from ecoissues.core.units import HANDLING
from ecoissues.services import membership
from ecoissues.services.site import Site
from ecoissues.services.turns import my_turn
from ecoissues.services.unit_finder import find_unit
from ecoissues.storage import search
from ecoissues.storage import tables as t
from ecoissues.storage.prepared import Prepared
from ecoissues.storage.reference import get_setting
from ecoissues.storage.scope import visible_cases

#: What may be filtered by, in the order chips are shown.
KEYS: Final = (
    "list", "figure", "members", "as_of", "known_at", "district", "unit", "phase", "state", "waits",
    "due", "clock", "type", "weight", "verdict", "channel", "batch", "turn", "mine", "signed",
    "back", "stale", "pending", "q",
)  # fmt: skip
_SEVERAL: Final = frozenset({"phase", "state", "type", "weight", "verdict", "channel"})
_CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "phase": frozenset(v.PHASES),
    "waits": frozenset(v.ROLES),
    "due": frozenset({"overdue", "today", "soon", "later", "none"}),
    "clock": frozenset({"report", "finish"}),
    "type": frozenset(v.TYPES),
    "weight": frozenset(v.WEIGHTS),
    "verdict": frozenset(v.VERDICTS),
    "channel": frozenset(v.CHANNELS),
    "turn": frozenset({"me"}),
    "mine": frozenset({"yes"}),
    "signed": frozenset({"no"}),
    "back": frozenset({"yes"}),
    "stale": frozenset({"yes"}),
    "pending": frozenset({"extension", "correction", "instruction"}),
    "members": frozenset({"part", "rest", "all"}),
}
STALE_DAYS: Final = ("stale_days", "15")
_LIVE: Final = ("open", "phase_closed", "completed")


class Filter(msgspec.Struct, frozen=True):
    """What is asked for: keys of KEYS with clean values, nothing else."""

    values: Mapping[str, str] = {}

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Filter:
        """Take what an address says; Refused ``bad_filter`` for a value that cannot be meant."""
        values = {}
        for key in KEYS:
            value = (given.get(key) or "").strip()[:200]
            if value:
                values[key] = _checked(key, value)
        return cls(values)

    def get(self, key: str) -> str:
        """Give one value, "" when it is not asked for."""
        return self.values.get(key, "")

    def changed(self, **changes: str) -> Filter:
        """Give the filter with some values replaced; "" takes one away."""
        merged = {**self.values, **changes}
        return Filter({key: merged[key] for key in KEYS if merged.get(key)})

    def address(self, path: str = "/cases", **view: str) -> str:
        """Give the address of the list it makes; ``view``: sort, columns, page."""
        query = urlencode({**self.values, **{k: text for k, text in view.items() if text}})
        return f"{path}?{query}" if query else path


def _checked(key: str, value: str) -> str:
    pieces = value.split(",") if key in _SEVERAL else [value]
    known = _CHOICES.get(key)
    bad = [piece for piece in pieces if known is not None and piece not in known]
    if bad:
        raise Refused("bad_filter", f"筛选条件“{key}”不能是“{bad[0][:20]}”;请从页面上选择。")
    if key == "as_of":
        try:
            date.fromisoformat(value)
        except ValueError:
            raise Refused("bad_filter", f"日期“{value[:20]}”不对,请写成 2024-12-31。") from None
    return value


def conditions(
    connection: Connection, site: Site, actor: Actor, asked: Filter
) -> list[ColumnElement[bool]]:
    """Give the WHERE of a filter for an actor; his scope is always part of it.

    Errors: NotFound for a list that does not exist; Refused for a figure that cannot be.
    """
    scope = visible_cases(site.tree, site.lists, actor.scope_path)
    return [scope, *_narrowing(connection, site, actor, asked)]


def _narrowing(
    connection: Connection, site: Site, actor: Actor, asked: Filter, *, known_mine: bool = False
) -> list[ColumnElement[bool]]:
    """Give the conditions of a filter within the actor's scope.

    ``known_mine``: that his unit handles the case is asked elsewhere already.
    """
    where: list[ColumnElement[bool]] = []
    if asked.get("figure") or asked.get("as_of"):
        ids = membership.members_of(connection, site, actor, asked.values)
        where.append(t.cases.c.id.in_(ids) if ids is not None else false())
        # What narrows the figure does so on its own day; the rest speaks of today.
        asked = Filter({k: x for k, x in asked.values.items() if k not in membership.CUT_KEYS})
    where.extend(_plain(asked))
    where.extend(_places(connection, site, actor, asked))
    where.extend(_queues(connection, site, actor, asked, known_mine))
    if asked.get("due"):
        where.append(_due(site, asked.get("due"), asked.get("clock")))
    found = search.matching(asked.get("q"), t.cases.c.id, connection.dialect.name)
    if found is not None:
        where.append(found)
    return where


def _plain(asked: Filter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    columns = {
        "phase": t.cases.c.phase, "state": t.cases.c.state, "weight": t.cases.c.weight,
        "verdict": t.cases.c.verdict, "channel": t.cases.c.channel,
    }  # fmt: skip
    for key, column in columns.items():
        pieces = asked.get(key).split(",") if asked.get(key) else []
        if len(pieces) == 1:
            where.append(column == pieces[0])
        elif pieces:
            where.append(column.in_(pieces))
    if asked.get("waits"):
        where.append(t.cases.c.waits_for == asked.get("waits"))
    if asked.get("type"):
        pieces = asked.get("type").split(",")
        where.append(or_(*(t.cases.c.types.contains(f",{piece},") for piece in pieces)))
    return where


def _places(
    connection: Connection, site: Site, actor: Actor, asked: Filter
) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    code = asked.get("list")
    if code:
        list_id = site.get_list(code).id
        placed = select(t.case_placements.c.case_id).where(t.case_placements.c.list_id == list_id)
        home = t.cases.c.list_id == list_id
        where.append(or_(home, t.cases.c.id.in_(placed)) if _has_placements(connection, list_id)
                     else home)  # fmt: skip
    for key in ("district", "unit"):
        if asked.get(key):
            unit = find_unit(site.tree, asked.get(key))
            where.append(_handled_below(site, unit.path) if unit else false())
    if asked.get("batch"):
        query = select(t.batches.c.id).where(t.batches.c.name == asked.get("batch"))
        where.append(t.cases.c.batch_id.in_(query))
    if asked.get("mine"):
        where.append(_mine(site, actor))
    return where


_PLACED: Final = Prepared(
    select(t.case_placements.c.case_id)
    .where(t.case_placements.c.list_id == bindparam("list_id"))
    .limit(1)
)


def _has_placements(connection: Connection, list_id: int) -> bool:
    return bool(_PLACED.run(connection, {"list_id": list_id}))


def depends_on(
    connection: Connection, site: Site, actor: Actor, asked: Filter
) -> tuple[Any, ...] | None:
    """Give all that the text of a filter's WHERE depends on, so that it can be kept for reuse.

    None: its values come from the database (members of a figure, settings) and may change.
    """
    if any(asked.get(key) for key in ("figure", "as_of", "stale")):
        return None
    code = asked.get("list")
    placed = bool(code) and _has_placements(connection, site.get_list(code).id)
    return (
        actor.scope_path, actor.unit_path, actor.role, tuple(asked.values.items()), placed,
        site.today(), id(site.tree), id(site.lists),
    )  # fmt: skip


def _handling(unit_ids: Sequence[int]) -> ColumnElement[bool]:
    parties = t.case_parties.c
    return t.cases.c.id.in_(
        select(parties.case_id).where(parties.unit_id.in_(unit_ids), parties.party.in_(HANDLING))
    )


def _handled_below(site: Site, path: str) -> ColumnElement[bool]:
    """A joint case counts in each district, as it does in the figures."""
    return _handling([unit.id for unit in site.tree.below(path)])


def _mine(site: Site, actor: Actor) -> ColumnElement[bool]:
    own = {actor.unit_path, actor.scope_path}
    return _handling([unit.id for unit in site.tree.by_id.values() if unit.path in own])


def _queues(
    connection: Connection, site: Site, actor: Actor, asked: Filter, known_mine: bool
) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    cases = t.cases.c
    if asked.get("turn"):
        is_mine = true() if known_mine or asked.get("mine") else _mine(site, actor)
        where.append(my_turn(site, actor, is_mine))
    if asked.get("signed"):
        where.append(and_(cases.signed_on.is_(None), _to_be_signed_for(site)))
    if asked.get("back"):
        where.append(and_(cases.came_back, cases.phase.in_(_LIVE)))
    if asked.get("stale"):
        last = (site.today() - timedelta(days=stale_days(connection))).isoformat()
        where.append(and_(cases.moved_on <= last, cases.phase.in_(("open", "phase_closed"))))
    if asked.get("pending"):
        asks = select(t.pending.c.case_id).where(t.pending.c.sort == asked.get("pending"))
        where.append(cases.id.in_(asks))
    return where


def stale_days(connection: Connection) -> int:
    """Give after how many days without a step a case counts as not updated for long."""
    return int(get_setting(connection, *STALE_DAYS))


def _to_be_signed_for(site: Site) -> ColumnElement[bool]:
    """States from which a step marks the case as signed for, by the kinds' documents."""
    pairs = {
        (kind.code, state)
        for kind in site.kinds.values()
        for step in kind.steps
        if "signed_for" in step.marks
        for state in step.sources
    }
    return or_(
        false(),
        *(and_(t.cases.c.kind == kind, t.cases.c.state == state) for kind, state in sorted(pairs)),
    )


def yellow_days(site: Site) -> dict[str, dict[str, date]]:
    """Give by kind and clock slot the last due day that is yellow today."""
    today, days = site.today(), {}
    for kind in site.kinds.values():
        slots = days.setdefault(kind.code, {})
        for clock in kind.clocks:
            slots[clock.slot] = yellow_until(today, clock.warn_workdays, site.calendars)
    return days


_yellow: dict[tuple[date, int], dict[str, tuple[str, str]]] = {}


def yellow_texts(site: Site) -> dict[str, tuple[str, str]]:
    """Give by kind the last yellow days of the report and the finish clock, as texts; "" for none.

    Kept for the day: counting workdays for every request would cost more than the page.
    """
    key = (site.today(), id(site.kinds))
    found = _yellow.get(key)
    if found is None:
        found = {
            kind: tuple(slots[s].isoformat() if s in slots else "" for s in ("report", "finish"))
            for kind, slots in yellow_days(site).items()
        }  # type: ignore[assignment]
        _yellow.clear()
        _yellow[key] = found
    return found


def _due(site: Site, asked: str, clock: str) -> ColumnElement[bool]:
    cases, today = t.cases.c, site.today().isoformat()
    column = {"report": cases.due_report, "finish": cases.due_finish}.get(clock, cases.due_on)
    if asked == "none":
        return column.is_(None)
    if asked == "overdue":
        return column < today
    if asked == "today":
        return column == today
    near = _near(site, clock)
    running = column >= today
    return and_(running, near if asked == "soon" else not_(near))


def _near(site: Site, clock: str) -> ColumnElement[bool]:
    """A running clock is yellow: due between today and the last yellow day of its kind."""
    cases = t.cases.c
    columns = {"report": cases.due_report, "finish": cases.due_finish}
    parts = []
    for kind, slots in yellow_days(site).items():
        for slot, column in columns.items():
            if slot in slots and clock in ("", slot):
                near = func.coalesce(column, "9999") <= slots[slot].isoformat()
                parts.append(and_(cases.kind == kind, near))
    return or_(false(), *parts)


def count(connection: Connection, site: Site, actor: Actor, asked: Filter) -> int:
    """Count the cases of a filter within the actor's scope."""
    query = select(func.count()).select_from(t.cases)
    found = connection.execute(query.where(*conditions(connection, site, actor, asked)))
    return int(found.scalar_one())


#: What may be asked once for several filters: keys that mean the same whatever stands beside them.
_SHARED: Final = ("list", "district", "unit", "phase", "mine")


def counts(
    connection: Connection, site: Site, actor: Actor, asked: Sequence[Filter]
) -> list[int]:
    """Count several filters in one reading of the table, with the very conditions of their lists.

    What all of them ask for, and the scope, is asked once for the whole reading.
    """
    if not asked:
        return []
    first = asked[0].values
    shared = {k: first[k] for k in _SHARED if k in first}
    shared = {k: x for k, x in shared.items() if all(each.get(k) == x for each in asked)}
    if any(each.get("figure") or each.get("as_of") for each in asked):
        shared = {}
    columns = []
    for each in asked:
        own = Filter({k: x for k, x in each.values.items() if k not in shared})
        parts = _narrowing(connection, site, actor, own, known_mine="mine" in shared)
        columns.append(func.count().filter(and_(true(), *parts)) if parts else func.count())
    where = conditions(connection, site, actor, Filter(shared))
    row = connection.execute(select(*columns).select_from(t.cases).where(*where)).one()
    return [int(number) for number in row]


def case_ids(
    connection: Connection, site: Site, actor: Actor, asked: Filter, most: int = 0
) -> list[int]:
    """Give the ids of a filter's cases in the list's usual order (exports take the same rows)."""
    query: Select[Any] = select(t.cases.c.id).where(*conditions(connection, site, actor, asked))
    query = query.order_by(t.cases.c.number, t.cases.c.part, t.cases.c.id)
    return list(connection.execute(query.limit(most) if most else query).scalars())
