"""Day sums and running month checkpoints: built as a generation, switched to in one statement.

A generation holds the sums of all postings up to a log position. Readers add the rest by position,
so sums may lag and are never touched inside a step. A rebuild that is killed leaves the old
generation in use; what it left behind is swept by the next one. ``advance`` adds what was posted
since, in one transaction, which readers (one statement each) see whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    String,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from ecoissues.core.accounts import ACCOUNTS
from ecoissues.figures.cubes import KEYS, SHARES, account, key_text, summed
from ecoissues.storage import tables as t
from ecoissues.storage.engine import Store
from ecoissues.storage.log import head_pos

Progress = Callable[[int, int], None]

_ACCOUNT_KEYS: Final = [f"a_{name}" for name in ACCOUNTS]
_FOREVER: Final = date.max.toordinal() + 1


def rebuild(store: Store, progress: Progress | None = None, chunk: int = 1) -> int:
    """Build a new generation from all postings and switch to it; gives its log position.

    In: the store; ``progress(done, all)`` after each step; ``chunk``: months summed in one
    transaction. Writers get their turn between the steps.
    """
    with store.writing() as connection:
        upto = head_pos(connection)
        generation = _new_generation(connection, upto)
        work = list(_work(connection))
    for done, start in enumerate(range(0, len(work), chunk)):
        with store.writing() as connection:
            for list_id, begins, ends in work[start : start + chunk]:
                _sum_month(connection, generation, upto, list_id, begins, ends)
        if progress is not None:
            progress(done * chunk + 1, len(work))
    if _switch(store, generation):
        _sweep(store, generation)
    return upto


def _switch(store: Store, generation: int) -> bool:
    """Let readers use a generation, unless a newer one has been begun meanwhile."""
    g, newer = t.generations, t.generations.alias()
    overtaken = select(newer.c.id).where(newer.c.id > generation).exists()
    with store.writing() as connection:
        done = connection.execute(update(g).values(current=g.c.id == generation).where(~overtaken))
        return bool(done.rowcount)


def advance(store: Store, least: int = 1) -> int:
    """Bring the sums up to the end of the log; gives the log position they reach.

    Does nothing while fewer than ``least`` positions are missing; builds a first generation where
    there is none. Cost grows with what is new, not with what is there.
    """
    with store.writing() as connection:
        found = connection.execute(_locked(connection)).first()
        if found is not None:
            upto = head_pos(connection)
            if upto and upto - found.upto_pos >= least:
                _add_new(connection, found.id, found.upto_pos, upto)
                return upto
            return int(found.upto_pos)
    return rebuild(store)


def _locked(connection: Connection) -> Any:
    query = select(t.generations.c.id, t.generations.c.upto_pos).where(t.generations.c.current)
    return query if connection.dialect.name == "sqlite" else query.with_for_update()


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


def next_month(begins: int) -> int:
    """Give the ordinal of the first day of the month after the one that begins on ``begins``."""
    day = date.fromordinal(begins)
    return date(day.year + day.month // 12, day.month % 12 + 1, 1).toordinal()


def _work(connection: Connection) -> Iterator[tuple[int, int, int]]:
    """Give each (list, first day of a month, first day after it) that must be summed.

    Months run from the first posting to the month of the last recording; all later days (due days
    ahead) stand in one last step without a checkpoint, since no board is asked ahead of time.
    """
    if not head_pos(connection):
        return
    newest = _newest_month(connection)
    for list_id in connection.execute(select(t.lists.c.id).order_by(t.lists.c.id)).scalars().all():
        first = connection.execute(
            select(func.min(t.postings.c.day)).where(t.postings.c.list_id == list_id)
        ).scalar()
        if first is None:
            continue
        begins = _month_of(first)
        for month in _months_between(begins, next_month(newest)):
            yield list_id, month, next_month(month)
        yield list_id, max(begins, next_month(newest)), 0


def _newest_month(connection: Connection) -> int:
    recorded = connection.execute(select(t.head.c.recorded_at)).scalar_one()
    return _month_of(date.fromisoformat(recorded[:10]).toordinal())


def _sum_month(
    connection: Connection, generation: int, upto: int, list_id: int, begins: int, ends: int
) -> None:
    values = {
        "p_generation": generation, "p_list_id": list_id, "p_upto": upto, "p_begins": begins,
        "p_ends": ends or _FOREVER,
    }  # fmt: skip
    for cube in KEYS:
        connection.execute(_day_sums(cube), values)
        if ends:
            _close_month(connection, cube, generation, list_id, begins)


def _close_month(
    connection: Connection, cube: str, generation: int, list_id: int, begins: int
) -> None:
    connection.execute(
        _checkpoint(cube),
        {
            "p_generation": generation, "p_list_id": list_id, "p_begins": begins,
            "p_ends": next_month(begins),
        },
    )  # fmt: skip


def _big(name: str) -> Any:
    return cast(bindparam(name, type_=BigInteger), BigInteger)


def _small(name: str) -> Any:
    return cast(bindparam(name, type_=Integer), Integer)


@lru_cache
def _day_sums(cube: str) -> Any:
    """INSERT the sums of one month's days, from postings with after < pos <= upto."""
    p = t.postings
    rows = (
        select(
            _big("p_generation"), cast(literal(cube), String), p.c.list_id, p.c.day,
            key_text(cube), _share(cube), *summed(p),
        )
        .where(
            p.c.list_id == bindparam("p_list_id"),
            p.c.day >= bindparam("p_begins"),
            p.c.day < bindparam("p_ends"),
            p.c.pos + 0 <= bindparam("p_upto"),
        )
        .group_by(p.c.list_id, p.c.day, KEYS[cube], *_grouped(cube))
    )  # fmt: skip
    return insert(t.day_sums).from_select(
        ["generation", "cube", "list_id", "day", "key", "shared", *_ACCOUNT_KEYS], rows
    )


def _share(cube: str) -> Any:
    return cast(SHARES[cube], Integer)


def _grouped(cube: str) -> list[Any]:
    """Give the share to group by: only units and tops have one."""
    return [SHARES[cube]] if cube in ("district", "unit") else []


@lru_cache
def _checkpoint(cube: str) -> Any:
    """INSERT the checkpoint of the next month: the month's own checkpoint plus its days."""
    here, days = t.checkpoints, t.day_sums
    parts = union_all(
        *(
            select(
                source.c.key, source.c.shared, *(account(source, name) for name in ACCOUNTS)
            ).where(
                source.c.generation == bindparam("p_generation"),
                source.c.cube == cube,
                source.c.list_id == bindparam("p_list_id"),
                *conditions,
            )
            for source, conditions in (
                (here, (here.c.month == bindparam("p_begins"),)),
                (days, (days.c.day >= bindparam("p_begins"), days.c.day < bindparam("p_ends"))),
            )
        )
    ).subquery()
    rows = select(
        _big("p_generation"), cast(literal(cube), String), _big("p_list_id"), _small("p_ends"),
        parts.c.key, parts.c.shared, *summed(parts),
    ).group_by(parts.c.key, parts.c.shared)  # fmt: skip
    return insert(here).from_select(
        ["generation", "cube", "list_id", "month", "key", "shared", *_ACCOUNT_KEYS], rows
    )


def _add_new(connection: Connection, generation: int, after: int, upto: int) -> None:
    p = t.postings
    engine = connection.dialect.name
    for list_id in connection.execute(select(t.lists.c.id)).scalars().all():
        first = connection.execute(
            select(func.min(p.c.day)).where(
                p.c.list_id == list_id, p.c.pos > after, p.c.pos <= upto
            )
        ).scalar()
        months = _checkpoints_of(connection, generation, list_id)
        values = {
            "p_generation": generation, "p_list_id": list_id, "p_after": after, "p_upto": upto,
        }  # fmt: skip
        if first is not None:
            later = [month for month in months if month > first]
            for cube in KEYS:
                connection.execute(_more(cube, "day", engine), values)
                for month in later:
                    connection.execute(_more(cube, "month", engine), {**values, "p_month": month})
        _add_months(connection, generation, list_id, months, first)
    connection.execute(
        update(t.generations).where(t.generations.c.id == generation).values(upto_pos=upto)
    )


def _checkpoints_of(connection: Connection, generation: int, list_id: int) -> list[int]:
    c = t.checkpoints
    of_list = (c.c.generation == generation, c.c.cube == "district", c.c.list_id == list_id)
    return list(
        connection.execute(select(c.c.month).where(*of_list).distinct().order_by(c.c.month))
        .scalars()
        .all()
    )


def _add_months(
    connection: Connection, generation: int, list_id: int, months: list[int], first: int | None
) -> None:
    """Write the checkpoints that are missing: before the first one (for an entry dated before all
    others) and from the last one to the month of the last recording."""
    newest = next_month(_newest_month(connection))
    begun = [_month_of(first)] if first is not None else []
    if months:
        missing = [*_months_between(min([*begun, months[0]]), months[0])][:-1]
        missing += _months_between(months[-1], newest)
    else:
        missing = list(_months_between(begun[0], newest)) if begun else []
    for begins in missing:
        for cube in KEYS:
            _close_month(connection, cube, generation, list_id, begins)


def _month_of(day: int) -> int:
    return date.fromordinal(day).replace(day=1).toordinal()


def _months_between(begins: int, ends: int) -> Iterator[int]:
    while begins < ends:
        yield begins
        begins = next_month(begins)


@lru_cache
def _more(cube: str, by: str, engine: str) -> Any:
    """Add new postings to day sums (``by`` day) or to one checkpoint (``by`` month)."""
    p = t.postings
    table = t.day_sums if by == "day" else t.checkpoints
    when = p.c.day if by == "day" else _small("p_month")
    conditions = [] if by == "day" else [p.c.day + 0 < bindparam("p_month")]
    rows = (
        select(
            _big("p_generation"), cast(literal(cube), String), p.c.list_id, when,
            key_text(cube), _share(cube), *summed(p),
        )
        .where(
            p.c.list_id == bindparam("p_list_id"),
            p.c.pos > bindparam("p_after"),
            p.c.pos <= bindparam("p_upto"),
            *conditions,
        )
        .group_by(p.c.list_id, *([p.c.day] if by == "day" else []), KEYS[cube], *_grouped(cube))
    )  # fmt: skip
    names = ["generation", "cube", "list_id", by, "key", "shared"]
    make = sqlite.insert if engine == "sqlite" else postgresql.insert
    statement: Any = make(table).from_select([*names, *_ACCOUNT_KEYS], rows)
    return statement.on_conflict_do_update(
        index_elements=[table.c[name] for name in names],
        set_={table.c[name]: table.c[name] + statement.excluded[name] for name in _ACCOUNT_KEYS},
    )
