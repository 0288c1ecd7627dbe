"""Day sums and running checkpoints of each half month, kept up with the log.

A generation (``generations``) holds the sums of all postings up to a log position. Readers add the
rest by position, so sums may lag and are never touched inside a step. ``advance`` adds what was
posted since, in one transaction, which readers (one statement each) see whole or not at all.
"""

from __future__ import annotations

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
from ecoissues.figures.generations import (
    half_of,
    halves_between,
    newest_half,
    next_half,
    rebuild,
)
from ecoissues.storage import tables as t
from ecoissues.storage.engine import Store
from ecoissues.storage.log import head_pos

__all__ = ["advance", "rebuild"]

_ACCOUNT_KEYS: Final = [f"a_{name}" for name in ACCOUNTS]


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


def _close_half(
    connection: Connection, cube: str, generation: int, list_id: int, begins: int
) -> None:
    connection.execute(
        _checkpoint(cube),
        {
            "p_generation": generation, "p_list_id": list_id, "p_begins": begins,
            "p_ends": next_half(begins),
        },
    )  # fmt: skip


def _big(name: str) -> Any:
    return cast(bindparam(name, type_=BigInteger), BigInteger)


def _small(name: str) -> Any:
    return cast(bindparam(name, type_=Integer), Integer)


def _share(cube: str) -> Any:
    return cast(SHARES[cube], Integer)


def _grouped(cube: str) -> list[Any]:
    """Give the share to group by: only units and tops have one."""
    return [SHARES[cube]] if cube in ("district", "unit") else []


@lru_cache
def _checkpoint(cube: str) -> Any:
    """INSERT the checkpoint at the end of a half month: the one at its beginning plus its days."""
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
                (here, (here.c.begins == bindparam("p_begins"),)),
                (days, (days.c.day >= bindparam("p_begins"), days.c.day < bindparam("p_ends"))),
            )
        )
    ).subquery()
    rows = select(
        _big("p_generation"), cast(literal(cube), String), _big("p_list_id"), _small("p_ends"),
        parts.c.key, parts.c.shared, *summed(parts),
    ).group_by(parts.c.key, parts.c.shared)  # fmt: skip
    return insert(here).from_select(
        ["generation", "cube", "list_id", "begins", "key", "shared", *_ACCOUNT_KEYS], rows
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
        held = _checkpoints_of(connection, generation, list_id)
        values = {
            "p_generation": generation, "p_list_id": list_id, "p_after": after, "p_upto": upto,
        }  # fmt: skip
        if first is not None:
            later = [begins for begins in held if begins > first]
            for cube in KEYS:
                connection.execute(_more(cube, "day", engine), values)
                for begins in later:
                    more = {**values, "p_begins": begins}
                    connection.execute(_more(cube, "begins", engine), more)
        _add_halves(connection, generation, list_id, held, first)
    connection.execute(
        update(t.generations).where(t.generations.c.id == generation).values(upto_pos=upto)
    )


def _checkpoints_of(connection: Connection, generation: int, list_id: int) -> list[int]:
    c = t.checkpoints
    of_list = (c.c.generation == generation, c.c.cube == "district", c.c.list_id == list_id)
    return list(
        connection.execute(select(c.c.begins).where(*of_list).distinct().order_by(c.c.begins))
        .scalars()
        .all()
    )


def _add_halves(
    connection: Connection, generation: int, list_id: int, held: list[int], first: int | None
) -> None:
    """Write the checkpoints that are missing: before the first one (for an entry dated before all
    others) and from the last one to the half month of the last recording."""
    newest = next_half(newest_half(connection))
    begun = [half_of(date.fromordinal(first))] if first is not None else []
    if held:
        missing = [*halves_between(min([*begun, held[0]]), held[0])][:-1]
        missing += halves_between(held[-1], newest)
    else:
        missing = list(halves_between(begun[0], newest)) if begun else []
    for begins in missing:
        for cube in KEYS:
            _close_half(connection, cube, generation, list_id, begins)


@lru_cache
def _more(cube: str, by: str, engine: str) -> Any:
    """Add new postings to day sums (``by`` day) or to one checkpoint (``by`` begins)."""
    p = t.postings
    table = t.day_sums if by == "day" else t.checkpoints
    when = p.c.day if by == "day" else _small("p_begins")
    conditions = [] if by == "day" else [p.c.day + 0 < bindparam("p_begins")]
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
