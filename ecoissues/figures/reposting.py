"""Postings written anew from the log: what every event changed, at its own place in the log.

The log is the only source. First every case is only read, by several processes side by side, and
its postings are compared with what its log says; a healthy ledger is never written to. What differs
is then put right in one transaction, which also takes the day sums out of use, since they were
built on it: until new ones stand, readers add up the postings themselves. So no figure is ever read
that is half the old and half the new. Only where more is wrong than one transaction should hold
(postings emptied by a migration) it is done part by part, and figures are refused meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, select, update

from ecoissues.core.events import Event, live
from ecoissues.core.instants import day_of
from ecoissues.core.life import Life, fold
from ecoissues.core.units import UnitTree
from ecoissues.figures.following import Following, follows_on
from ecoissues.figures.postings import COLUMNS, insert_values, values_of
from ecoissues.figures.soundness import STALE, is_stale
from ecoissues.figures.standing import difference, standing_rows
from ecoissues.storage import log, reference
from ecoissues.storage import tables as t
from ecoissues.storage.crew import cores, shared_out
from ecoissues.storage.engine import Store
from ecoissues.storage.prepared import Prepared

#: Cases that are read and compared, or written anew, at a time.
BATCH: Final = 500
#: So many cases at most are put right in one transaction.
AT_ONCE: Final = 20_000
#: Below so many cases no second process is worth its start.
FEW: Final = 4_000
Progress = Callable[[int, int], None]
Values = list[tuple[Any, ...]]
#: Ids of cases: after the first, up to the second.
Span = tuple[int, int]

_CASES: Final = Prepared(
    select(t.cases.c.id, t.cases.c.list_id).where(
        t.cases.c.id > bindparam("after"), t.cases.c.id <= bindparam("last")
    )
)
_POSTED: Final = Prepared(
    select(*(t.postings.c[name] for name in COLUMNS))
    .where(t.postings.c.case_id > bindparam("after"), t.postings.c.case_id <= bindparam("last"))
    .order_by(t.postings.c.case_id)
)
_EVERY: Final = 2**62


class Ground(msgspec.Struct, frozen=True):
    """What postings stand on beside the log: the units, the ids of the lists by code."""

    tree: UnitTree
    lists: dict[str, int]

    @property
    def homes(self) -> dict[int, str]:
        """Codes of the lists by id."""
        return {number: code for code, number in self.lists.items()}


def repost(
    store: Store,
    tree: UnitTree,
    lists: Mapping[str, int],
    progress: Progress | None = None,
    batch: int = BATCH,
    processes: int | None = None,
) -> int:
    """Compare the postings of every case with its log and write anew what differs.

    In: the units, the ids of the lists by code; ``progress(done, all)`` in cases; how many
    ``processes`` compare (None: as many as there are cores, one for few cases). Out: how many
    cases had to be written anew. Writers wait while what is wrong is put right, never before.
    """
    ground = Ground(tree, dict(lists))
    wrong = find_wrong(store, ground, progress, batch, processes)
    with store.reading() as connection:
        begun = is_stale(connection)
    if len(wrong) > AT_ONCE or begun:
        _put_right_in_parts(store, ground, wrong, progress, batch, processes)
    elif wrong:
        _put_right(store, ground, wrong, batch)
    return len(wrong)


def find_wrong(
    store: Store,
    ground: Ground,
    progress: Progress | None = None,
    batch: int = BATCH,
    processes: int | None = None,
) -> list[int]:
    """Give the ids under which postings are not what the log says; nothing is written."""
    with store.reading() as connection:
        ids = list(connection.execute(select(t.cases.c.id).order_by(t.cases.c.id)).scalars())
    lasts = ids[batch - 1 : -1 : batch]
    spans = list(zip([-_EVERY, *lasts], [*lasts, _EVERY], strict=True))
    size = _processes(len(ids), processes)
    wrong: list[int] = []
    for done, found in enumerate(shared_out(store, compare_span, ground, spans, size), 1):
        wrong += found
        if progress is not None:
            progress(min(done * batch, len(ids)), len(ids))
    return sorted(wrong)


def _processes(cases: int, asked: int | None) -> int:
    if asked is not None:
        return asked
    return 1 if cases < FEW else cores()


def compare_span(connection: Connection, ground: Ground, span: Span) -> list[int]:
    """Give the cases of a span whose postings are not what their logs say.

    Ids that only postings have are among them.
    """
    values = {"after": span[0], "last": span[1]}
    posted = {
        case_id: list(rows)
        for case_id, rows in groupby(_POSTED.run(connection, values), key=itemgetter(1))
    }
    homes, found = ground.homes, _CASES.run(connection, values)
    home_of = {case_id: homes[list_id] for case_id, list_id in found}
    wrong = []
    for case_id, events in log.events_between(connection, *span):
        if case_id not in home_of:
            continue  # told by ``verify``; its postings are no case's
        right = values_of_case(case_id, events, ground.tree, ground.lists, home_of[case_id])
        if not _same(right, posted.pop(case_id, [])):
            wrong.append(case_id)
    return [*wrong, *posted]


def _same(right: Values, posted: Values) -> bool:
    """Tell whether two sets of rows come to the same.

    Positions within one transaction may differ (several events are posted at the last of them), so
    where the rows themselves differ, their sums by place and lateness are compared.
    """
    return sorted(right) == sorted(posted) or _summed(right) == _summed(posted)


def _put_right(store: Store, ground: Ground, wrong: Sequence[int], batch: int) -> None:
    """Write some cases anew and take the sums built on them out of use, all in one transaction."""
    with store.writing() as connection:
        log.lock_head(connection)  # no event comes between its reading and its posting
        for start in range(0, len(wrong), batch):
            part = list(wrong[start : start + batch])
            _write(connection, part, values_of_cases(connection, ground, part)[0])
        connection.execute(update(t.generations).values(current=False))
        # Pages that are kept as made stand on this version: they are made anew.
        connection.execute(update(t.reference).values(version=t.reference.c.version + 1))


def _put_right_in_parts(
    store: Store,
    ground: Ground,
    wrong: Sequence[int],
    progress: Progress | None,
    batch: int,
    processes: int | None,
) -> None:
    """Write very many cases anew. Figures are refused until new sums stand (``soundness``)."""
    with store.writing() as connection:
        reference.put_setting(connection, STALE, "1")
        connection.execute(update(t.generations).values(current=False))
    parts = [list(wrong[start : start + batch]) for start in range(0, len(wrong), batch)]
    made = shared_out(store, values_of_part, ground, parts, _processes(len(wrong), processes))
    for done, (part, values, lengths) in enumerate(made, 1):
        with store.writing() as connection:
            log.lock_head(connection)
            if _lengths(connection, part) != lengths:  # a step was taken meanwhile
                values = values_of_cases(connection, ground, part)[0]
            _write(connection, part, values)
        if progress is not None:
            progress(min(done * batch, len(wrong)), len(wrong))


def values_of_part(
    connection: Connection, ground: Ground, part: list[int]
) -> tuple[list[int], Values, dict[int, int]]:
    """Do as ``values_of_cases`` for another process: gives the part back with it."""
    return (part, *values_of_cases(connection, ground, part))


def values_of_cases(
    connection: Connection, ground: Ground, part: list[int]
) -> tuple[Values, dict[int, int]]:
    """Give all postings of some cases, and the length of the log of each."""
    c, homes = t.cases.c, ground.homes
    query = select(c.id, c.list_id).where(c.id.in_(part))
    home_of = {row[0]: homes[row[1]] for row in connection.execute(query)}
    values, lengths = Values(), dict[int, int]()
    for case_id, events in log.events_of_cases(connection, sorted(home_of)):
        lengths[case_id] = len(events)
        values += values_of_case(case_id, events, ground.tree, ground.lists, home_of[case_id])
    return values, lengths


def _lengths(connection: Connection, part: list[int]) -> dict[int, int]:
    e = t.events.c
    query = select(e.case_id, func.count()).where(e.case_id.in_(part)).group_by(e.case_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def _write(connection: Connection, part: list[int], values: Values) -> None:
    connection.execute(delete(t.postings).where(t.postings.c.case_id.in_(part)))
    insert_values(connection, values)


_FIRST_ACCOUNT: Final = COLUMNS.index("late") + 1


def _summed(values: Values) -> dict[Any, list[int]]:
    """Sum rows that stand at the same place; those that come to nothing are left out."""
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
    values, walk, known = Values(), Following(Life(), *where), list[Event]()
    for event in events:
        if follows_on(walk.life, event):
            changes = walk.change(known, event)
            known.append(event)
        else:
            before = standing_rows(live(known), *where)
            known.append(event)
            standing = live(known)
            changes = difference(before, standing_rows(standing, *where))
            walk = Following(fold(standing), *where)
        if changes:
            values += values_of(case_id, event.pos, day_of(event.recorded_at), changes)
    return values
