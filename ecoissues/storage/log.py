"""The log in the database: reading events back and the one place that inserts them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from ecoissues.core.events import Event
from ecoissues.storage import tables as t
from ecoissues.storage.prepared import Prepared

_FIELDS = (
    "seq", "pos", "step", "from_state", "to_state", "phase", "actor", "role", "effective_on",
    "recorded_at", "facts", "unit", "channel", "digest", "previous",
)  # fmt: skip
#: The columns of the log in the order ``event_of_row`` reads them.
COLUMNS = [t.events.c[name] for name in _FIELDS]
_OF_CASE = Prepared(
    select(*COLUMNS).where(t.events.c.case_id == bindparam("case_id")).order_by(t.events.c.seq)
)
_BETWEEN = Prepared(
    select(t.events.c.case_id, *COLUMNS)
    .where(t.events.c.case_id > bindparam("after"), t.events.c.case_id <= bindparam("last"))
    .order_by(t.events.c.case_id, t.events.c.seq)
)
_HEAD = select(t.head.c.pos, t.head.c.recorded_at, t.head.c.ordinary).where(t.head.c.id == 1)
_READ_HEAD, _LOCK_HEAD = Prepared(_HEAD), Prepared(_HEAD.with_for_update())
_NEXT_IDS = text(
    "SELECT nextval(pg_get_serial_sequence('cases', 'id')) FROM generate_series(1, :number)"
)
_INSERT = Prepared(insert(t.events), [column.name for column in t.events.c])
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def event_of_row(row: Iterable[Any]) -> Event:
    """Make an event of a row holding the columns of the log in their order."""
    (
        seq, pos, step, source, target, phase, actor, role, day, recorded_at, facts, unit, channel,
        digest, previous,
    ) = row  # fmt: skip
    return Event(
        seq=seq, pos=pos, step=step, source=source, target=target, phase=phase, actor=actor,
        role=role, effective_on=date.fromisoformat(day), recorded_at=recorded_at,
        facts=_decode(facts), unit=unit, channel=channel, digest=digest, previous=previous,
    )  # fmt: skip


def events_of(connection: Connection, case_id: int) -> list[Event]:
    """Read the whole log of one case in sequence order."""
    return [event_of_row(row) for row in _OF_CASE.run(connection, {"case_id": case_id})]


def events_of_cases(
    connection: Connection, case_ids: list[int]
) -> Iterator[tuple[int, list[Event]]]:
    """Read the logs of many cases; gives (case id, its events) in the order of ids."""
    for start in range(0, len(case_ids), 500):
        chunk = case_ids[start : start + 500]
        rows = connection.execute(
            select(t.events.c.case_id, *COLUMNS)
            .where(t.events.c.case_id.in_(chunk))
            .order_by(t.events.c.case_id, t.events.c.seq)
        )
        current, events = 0, list[Event]()
        for case_id, *row in rows:
            if case_id != current:
                if events:
                    yield current, events
                current, events = case_id, []
            events.append(event_of_row(row))
        if events:
            yield current, events


def events_between(
    connection: Connection, after: int, last: int
) -> Iterator[tuple[int, list[Event]]]:
    """Read the logs of all cases with ids in (after, last]; gives (case id, its events)."""
    rows = _BETWEEN.run(connection, {"after": after, "last": last})
    for case_id, group in groupby(rows, key=itemgetter(0)):
        yield case_id, [event_of_row(row[1:]) for row in group]


def lock_head(connection: Connection) -> tuple[int, str, bool]:
    """Lock the end of the log until commit: (last position, its instant, ordinary events seen)."""
    query = _READ_HEAD if connection.dialect.name == "sqlite" else _LOCK_HEAD
    ((pos, recorded_at, ordinary),) = query.run(connection, {})
    return pos, recorded_at, bool(ordinary)


def read_head(connection: Connection) -> tuple[int, str, bool]:
    """Read the end of the log without locking it: (last position, its instant, ordinary events)."""
    ((pos, recorded_at, ordinary),) = _READ_HEAD.run(connection, {})
    return int(pos), str(recorded_at), bool(ordinary)


def mark_ordinary(connection: Connection) -> None:
    """Remember that ordinary work has begun: no past ``recorded_at`` is accepted from now on."""
    connection.execute(update(t.head).where(t.head.c.id == 1).values(ordinary=True))


def insert_events(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Insert events in order; the triggers check the chain and move the cases."""
    if len(rows) == 1:
        _INSERT.run(connection, rows[0])
    else:
        _INSERT.run_many(connection, rows)


def head_pos(connection: Connection) -> int:
    """Give the last log position (0: empty)."""
    ((pos, _, _),) = _READ_HEAD.run(connection, {})
    return int(pos)


def reserve_ids(connection: Connection, number: int) -> Iterator[int]:
    """Set ids aside for cases to be written later in this transaction; nobody else gets them.

    A transaction that writes is the only one of SQLite; PostgreSQL hands them out of its sequence.
    """
    if connection.dialect.name == "sqlite":
        last = connection.execute(select(func.max(t.cases.c.id))).scalar() or 0
        return iter(range(last + 1, last + 1 + number))
    return iter(connection.execute(_NEXT_IDS, {"number": number}).scalars().all())
