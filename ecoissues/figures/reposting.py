"""Postings written anew from the log: what every event changed, at its own place in the log.

The log is the only source. Cases are read a part at a time; one whose postings stand as the log
says is left alone. So a healthy ledger is only read, and a run that is killed has put right what it
had reached; the day sums follow as a new generation (``sums.rebuild``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select

from ecoissues.core.events import Event, live
from ecoissues.core.instants import day_of
from ecoissues.core.life import Life, fold
from ecoissues.core.units import UnitTree
from ecoissues.figures.following import following_change, follows_on
from ecoissues.figures.postings import COLUMNS, insert_values, values_of
from ecoissues.figures.standing import difference, standing_rows
from ecoissues.storage import tables as t
from ecoissues.storage.engine import Store
from ecoissues.storage.log import events_of_cases

#: Cases that are read, compared and written in one transaction.
BATCH: Final = 500
Progress = Callable[[int, int], None]
Values = list[tuple[Any, ...]]


def repost(
    store: Store,
    tree: UnitTree,
    lists: Mapping[str, int],
    progress: Progress | None = None,
    batch: int = BATCH,
) -> int:
    """Compare the postings of every case with its log and write anew what differs.

    In: the units, the ids of the lists by code; ``progress(done, all)`` in cases. Out: how many
    cases had to be written anew. Writers get their turn between the parts.
    """
    homes = {number: code for code, number in lists.items()}
    last, done, changed = 0, 0, 0
    known = select(t.cases.c.id).where(t.cases.c.id == t.postings.c.case_id).exists()
    with store.writing() as connection:
        connection.execute(delete(t.postings).where(~known))  # no case, no log: never a figure
        whole = connection.execute(select(func.count()).select_from(t.cases)).scalar_one()
    while True:
        with store.writing() as connection:
            part = _next_cases(connection, last, batch)
            if not part:
                return changed
            changed += _repost_part(connection, part, homes, tree, lists)
        last, done = max(part), done + len(part)
        if progress is not None:
            progress(min(done, whole), whole)


def _next_cases(connection: Connection, after: int, size: int) -> dict[int, int]:
    c = t.cases.c
    query = select(c.id, c.list_id).where(c.id > after).order_by(c.id).limit(size)
    return {row[0]: row[1] for row in connection.execute(query)}


def _repost_part(
    connection: Connection,
    part: Mapping[int, int],
    homes: Mapping[int, str],
    tree: UnitTree,
    lists: Mapping[str, int],
) -> int:
    posted = _posted(connection, list(part))
    wrong, values = [], Values()
    for case_id, events in events_of_cases(connection, sorted(part)):
        right = values_of_case(case_id, events, tree, lists, homes[part[case_id]])
        if _summed(right) != posted.pop(case_id, {}):
            wrong.append(case_id)
            values += right
    wrong += posted  # postings of a case without events
    if wrong:
        connection.execute(delete(t.postings).where(t.postings.c.case_id.in_(wrong)))
        insert_values(connection, values)
    return len(wrong)


def _posted(connection: Connection, case_ids: list[int]) -> dict[int, dict[Any, list[int]]]:
    query = select(*(t.postings.c[name] for name in COLUMNS))
    found: dict[int, Values] = {}
    for row in connection.execute(query.where(t.postings.c.case_id.in_(case_ids))):
        found.setdefault(row[1], []).append(tuple(row))
    return {case_id: _summed(rows) for case_id, rows in found.items()}


_FIRST_ACCOUNT: Final = COLUMNS.index("late") + 1


def _summed(values: Values) -> dict[Any, list[int]]:
    """Sum rows that stand at the same place; those that come to nothing are left out.

    Positions within one transaction may differ (several events are posted at the last of them), so
    what is compared is the sum by the place and lateness of a change.
    """
    found: dict[Any, list[int]] = {}
    for row in values:
        key, vector = row[2:_FIRST_ACCOUNT], row[_FIRST_ACCOUNT:]
        old = found.get(key)
        found[key] = list(vector) if old is None else [a + b for a, b in zip(old, vector, strict=True)]
    return {key: vector for key, vector in found.items() if any(vector)}


def values_of_case(
    case_id: int, events: Sequence[Event], tree: UnitTree, lists: Mapping[str, int], home: str
) -> Values:
    """Give all postings of one case: the change that each of its events made, at its position."""
    where = (tree, lists, home)
    values, life, known = Values(), Life(), list[Event]()
    for event in events:
        if known and follows_on(life, event):
            changes = following_change(life, known, event, *where)
            known.append(event)
        else:
            before = standing_rows(live(known), *where)
            known.append(event)
            standing = live(known)
            changes = difference(before, standing_rows(standing, *where))
            life = fold(standing)
        if changes:
            values += values_of(case_id, event.pos, day_of(event.recorded_at), changes)
    return values
