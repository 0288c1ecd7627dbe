"""Generations of sums: built from all postings beside the one in use, switched to at the end.

A rebuild that is killed leaves the old generation in use; what it left behind is swept by the next
one. Processes sum half a month each, side by side; one writes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, update

from ecoissues.core.accounts import ACCOUNTS
from ecoissues.figures.cubes import KEYS
from ecoissues.figures.summing import Half, SumRow, sum_half
from ecoissues.storage import tables as t
from ecoissues.storage.bulk import insert_rows
from ecoissues.storage.crew import cores, shared_out
from ecoissues.storage.engine import Store
from ecoissues.storage.log import head_pos

Progress = Callable[[int, int], None]
Summed = tuple[Half, list[SumRow]]
#: What all closed halves of a list come to so far: list -> (cube, key, share) -> accounts.
Running = dict[int, dict[tuple[str, str, int], list[int]]]

#: Below so many positions of the log no second process is worth its start.
FEW: Final = 30_000
#: The day of a month on which its second half begins.
_SECOND: Final = 16
_FOREVER: Final = date.max.toordinal() + 1
_ACCOUNT_KEYS: Final = [f"a_{name}" for name in ACCOUNTS]
_DAY_COLUMNS: Final = ("generation", "cube", "list_id", "day", "key", "shared", *_ACCOUNT_KEYS)
_POINT_COLUMNS: Final = ("generation", "cube", "list_id", "begins", "key", "shared", *_ACCOUNT_KEYS)


def rebuild(
    store: Store,
    progress: Progress | None = None,
    chunk: int = 1,
    processes: int | None = None,
) -> int:
    """Build a new generation from all postings and switch to it; gives its log position.

    In: the store; ``progress(done, all)`` in half months; ``chunk``: how many of them are written in
    one transaction; ``processes`` that sum (None: as many as there are cores, one for few postings).
    Writers get their turn between the transactions.
    """
    with store.writing() as connection:
        upto = head_pos(connection)
        generation = _new_generation(connection, upto)
        halves = list(_work(connection, upto))
    size = processes if processes is not None else 1 if upto < FEW else cores()
    running, waiting = Running(), list[Summed]()
    for one in _in_order(shared_out(store, sum_half, None, halves, size)):
        waiting.append(one)
        if len(waiting) == chunk or one[0].number + 1 == len(halves):
            with store.writing() as connection:
                for half, rows in waiting:
                    _put_half(connection, generation, half, rows, running)
            waiting.clear()
        if progress is not None:
            progress(one[0].number + 1, len(halves))
    if _switch(store, generation):
        _sweep(store, generation)
    return upto


def _in_order(found: Iterator[Summed]) -> Iterator[Summed]:
    """Give the halves in their order, whichever was summed first."""
    early: dict[int, Summed] = {}
    wanted = 0
    for one in found:
        early[one[0].number] = one
        while wanted in early:
            yield early.pop(wanted)
            wanted += 1


def _put_half(
    connection: Connection, generation: int, half: Half, rows: list[SumRow], running: Running
) -> None:
    """Write the sums of the days of a half and, where it is closed, the checkpoint at its end."""
    home = half.list_id
    days = [(generation, row[0], home, *row[1:]) for row in rows]
    insert_rows(connection, t.day_sums, _DAY_COLUMNS, days)
    if half.closed:
        of_list = running.setdefault(home, {})
        for cube, _, key, share, *vector in rows:
            held = of_list.get((cube, key, share))
            of_list[cube, key, share] = (
                vector if held is None else list(map(int.__add__, held, vector))
            )
        closed = [
            (generation, cube, home, half.ends, key, share, *vector)
            for (cube, key, share), vector in of_list.items()
        ]
        insert_rows(connection, t.checkpoints, _POINT_COLUMNS, closed)


def _switch(store: Store, generation: int) -> bool:
    """Let readers use a generation, unless a newer one has been begun meanwhile."""
    g, newer = t.generations, t.generations.alias()
    overtaken = select(newer.c.id).where(newer.c.id > generation).exists()
    with store.writing() as connection:
        done = connection.execute(update(g).values(current=g.c.id == generation).where(~overtaken))
        return bool(done.rowcount)


def _new_generation(connection: Connection, upto: int) -> int:
    newest = connection.execute(select(func.max(t.generations.c.id))).scalar() or 0
    made_at = connection.execute(select(t.head.c.recorded_at)).scalar_one()
    connection.execute(
        insert(t.generations).values(id=newest + 1, upto_pos=upto, current=False, made_at=made_at)
    )
    return int(newest) + 1


def _sweep(store: Store, keep: int) -> None:
    """Delete the older generations, a part at a time."""
    g = t.generations
    with store.reading() as connection:
        others = connection.execute(select(g.c.id).where(g.c.id < keep)).scalars().all()
        lists = connection.execute(select(t.lists.c.id)).scalars().all()
    parts = [
        delete(table).where(
            table.c.generation == generation, table.c.cube == cube, table.c.list_id == list_id
        )
        for generation in others
        for table in (t.day_sums, t.checkpoints)
        for cube in KEYS
        for list_id in lists
    ]
    for statement in [*parts, *(delete(g).where(g.c.id == generation) for generation in others)]:
        with store.writing() as connection:
            connection.execute(statement)


def half_of(day: date) -> int:
    """Give the ordinal of the first day of the half month of a day: the 1st or the 16th."""
    return day.replace(day=1 if day.day < _SECOND else _SECOND).toordinal()


def next_half(begins: int) -> int:
    """Give the ordinal of the first day of the half month after the one that begins on ``begins``."""
    day = date.fromordinal(begins)
    if day.day < _SECOND:
        return day.replace(day=_SECOND).toordinal()
    return date(day.year + day.month // 12, day.month % 12 + 1, 1).toordinal()


def halves_between(begins: int, ends: int) -> Iterator[int]:
    """Give the first days of the half months from ``begins`` to before ``ends``."""
    while begins < ends:
        yield begins
        begins = next_half(begins)


def newest_half(connection: Connection) -> int:
    """Give the first day (ordinal) of the half month of the last recording."""
    recorded = connection.execute(select(t.head.c.recorded_at)).scalar_one()
    return half_of(date.fromisoformat(recorded[:10]))


def _work(connection: Connection, upto: int) -> Iterator[Half]:
    """Give each half month of each list that must be summed.

    They run from the first posting to the half month of the last recording; all later days (due
    days ahead) stand in one last step without a checkpoint, since no board is asked ahead of time.
    """
    if not upto:
        return
    newest, number = next_half(newest_half(connection)), itertools.count()
    for list_id in connection.execute(select(t.lists.c.id).order_by(t.lists.c.id)).scalars().all():
        first = connection.execute(
            select(func.min(t.postings.c.day)).where(t.postings.c.list_id == list_id)
        ).scalar()
        if first is None:
            continue
        begun = half_of(date.fromordinal(first))
        for begins in halves_between(begun, newest):
            yield Half(next(number), list_id, begins, next_half(begins), upto, closed=True)
        yield Half(next(number), list_id, max(begun, newest), _FOREVER, upto, closed=False)
