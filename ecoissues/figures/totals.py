"""Sums of all accounts as of a day and as known at a position, for each key of a cube.

One statement reads, so that it sees one state of the database on both engines:

+ the checkpoint nearest to the day, + the day sums from there to the day (− those from the day to
  there, where the following checkpoint is nearer: the 15th and the last day of a month need none),
+ the rest: postings after the generation's position (all of them where there is no generation),
and for an earlier known-at, which the generation has passed already,
- late postings (recorded in a later month than their day) after the known position,
- postings that are not late, recorded in the day's own month after the known position.

No other posting after known-at can have a day by then: the day had ended when the figure was known,
so a posting recorded later is late unless it was recorded in the month of its own day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.engine import Dialect

from ecoissues.core.accounts import ACCOUNTS
from ecoissues.figures.cubes import (
    KEYS,
    SHARES,
    CubeKey,
    account,
    current,
    key_text,
    key_value,
    summed,
)
from ecoissues.figures.generations import half_of, next_half
from ecoissues.figures.known import NOW, Known, end_of_month_position
from ecoissues.storage import tables as t

Vectors = dict[CubeKey, tuple[int, ...]]
#: The same by (key, share): share as ``UnitTree.branch_rows`` gives it.
Shared = dict[tuple[int, int], tuple[int, ...]]
_LONGEST_HALF: Final = 16
LATE: Final[Any] = literal_column("late = 1")
LATE_INDEX: Final = "INDEXED BY ix_postings_list_id_late"
FRESH: Final[Any] = literal_column("late = 0")


def sums(
    connection: Connection,
    list_id: int,
    cube: str,
    as_of: date,
    known: Known = NOW,
    accounts: tuple[str, ...] = ACCOUNTS,
) -> Vectors:
    """Give the totals of a list at the end of a day for each key of a declared cube.

    In: a cube of ``tables.CUBES``; the accounts wanted, in the order of the vectors. Out: key ->
    vector; keys are top or unit ids (negative: overlap row), types, cohorts. Keys whose accounts
    are all 0 may be missing or not. The sums of a whole cube are the list's own totals.
    """
    rows = _read(connection, list_id, cube, as_of, known, accounts, by_share=False)
    return {key_value(cube, row[0]): tuple(row[1:]) for row in rows}


def shares(
    connection: Connection,
    list_id: int,
    cube: str,
    as_of: date,
    known: Known = NOW,
    accounts: tuple[str, ...] = ACCOUNTS,
) -> Shared:
    """Give the totals by unit or district (the cube) and by how many share the cases.

    In and out as ``sums``, with keys (id, share). Summed over the shares they are ``sums``.
    """
    rows = _read(connection, list_id, cube, as_of, known, accounts, by_share=True)
    return {(int(row[0]), int(row[1])): tuple(row[2:]) for row in rows}


def _read(
    connection: Connection,
    list_id: int,
    cube: str,
    as_of: date,
    known: Known,
    accounts: tuple[str, ...],
    *,
    by_share: bool,
) -> list[Any]:
    known.check(as_of)
    values = place_values(list_id, as_of, known)
    before = "now"
    if known.pos is not None:
        values["month_end"] = end_of_month_position(connection, as_of)
        before = "this_month" if values["month_end"] > known.pos else "earlier"
    return _run(connection, (cube, accounts, before, by_share), values)


def place_values(list_id: int, as_of: date, known: Known = NOW) -> dict[str, Any]:
    """Give the values of the statement: list, day, checkpoints before and after it, known-at."""
    return {
        "list_id": list_id, "day": as_of.toordinal(), "begins": half_of(as_of),
        "after": nearer_after(as_of), "known": known.limit, "month_end": 0,
    }  # fmt: skip


def nearer_after(day: date) -> int:
    """Give the ordinal of the first day of the next half month if fewer days lie between.

    Out: 0 where its own beginning is as near, or where the calendar ends.
    """
    begins = half_of(day)
    if date.max.toordinal() - begins < _LONGEST_HALF:
        return 0
    following = next_half(begins)
    return following if following - day.toordinal() - 1 < day.toordinal() - begins + 1 else 0


def _run(connection: Connection, shape: Shape, values: Mapping[str, Any]) -> list[Any]:
    text, constants, names = _compiled(connection.dialect, shape)
    named = {**constants, **values}
    bound: Any = named if names is None else tuple(named[name] for name in names)
    return list(connection.exec_driver_sql(text, bound).all())


Shape = tuple[str, tuple[str, ...], str, bool]
#: (text, its constants by name, the order of its marks or None where marks have names).
Compiled = tuple[str, dict[str, Any], tuple[str, ...] | None]
_TEXTS: dict[tuple[str, Shape], Compiled] = {}


def _compiled(dialect: Dialect, shape: Shape) -> Compiled:
    """Give the text for a shape, compiled once: the statement is long and its shapes are few."""
    found = _TEXTS.get((dialect.name, shape))
    if found is None:
        compiled: Any = _statement(*shape).compile(dialect=dialect)
        names = tuple(compiled.positiontup) if compiled.positional else None
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        found = _TEXTS[dialect.name, shape] = (str(compiled), constants, names)
    return found


def _statement(cube: str, accounts: tuple[str, ...], before: str, by_share: bool) -> Select[Any]:
    arms = union_all(*_arms(cube, accounts, before, by_share)).subquery("arms")
    keys = [arms.c.key, arms.c.shared] if by_share else [arms.c.key]
    return select(*keys, *summed(arms, accounts)).group_by(*keys)


def _arms(
    cube: str, accounts: tuple[str, ...], before: str, by_share: bool
) -> list[Select[Any]]:
    c, d, p = t.checkpoints, t.day_sums, t.postings
    list_id: Any = bindparam("list_id")
    day: Any = bindparam("day")
    known: Any = bindparam("known")
    newest, after = checkpoint_before(cube), checkpoint_after(cube)
    base = func.coalesce(after, newest, 0)
    reached = func.coalesce(current("upto_pos"), 0)
    # Adding 0 keeps an engine from taking the index on days where the one on positions is meant.
    until = p.c.day + 0 <= day
    rest = [p.c.list_id == list_id, p.c.pos > reached, p.c.pos <= known, until]

    def keys(source: Any) -> list[ColumnElement[Any]]:
        key = key_text(cube).label("key") if source is p else source.c.key
        share = SHARES[cube].label("shared") if source is p else source.c.get("shared")
        return [key, share] if by_share else [key]

    arms = [
        select(*keys(c), *_signed(c, accounts)).where(*_in_cube(c, cube), c.c.begins == base),
        select(*keys(d), *_signed(d, accounts)).where(
            *_in_cube(d, cube), d.c.day >= base, d.c.day <= day
        ),
        select(*keys(d), *_signed(d, accounts, -1)).where(
            *_in_cube(d, cube), d.c.day > day, d.c.day < after
        ),
        select(*keys(p), *_signed(p, accounts)).where(*rest),
    ]
    if before == "now":
        return arms
    passed = [p.c.list_id == list_id, p.c.pos > known, p.c.pos <= reached, until]
    less = select(*keys(p), *_signed(p, accounts, -1)).where(*passed)
    # Without statistics SQLite would read every posting since instead of the few late ones.
    arms.append(less.where(LATE).with_hint(p, LATE_INDEX, "sqlite"))
    if before == "this_month":
        arms.append(less.where(FRESH, p.c.pos <= bindparam("month_end")))
    return arms


def _in_cube(source: Any, cube: str) -> list[ColumnElement[bool]]:
    return [
        source.c.generation == current("id"),
        source.c.cube == cube,
        source.c.list_id == bindparam("list_id"),
    ]


def checkpoint_before(cube: str) -> Any:
    """Give (as SQL) the newest checkpoint of ``:list_id`` at or before ``:begins``, or NULL."""
    c = t.checkpoints.alias()
    return (
        select(func.max(c.c.begins))
        .where(*_in_cube(c, cube), c.c.begins <= bindparam("begins"))
        .scalar_subquery()
    )


def checkpoint_after(cube: str) -> Any:
    """Give (as SQL) ``:after`` if ``:list_id`` has that checkpoint, or NULL."""
    c = t.checkpoints.alias()
    return (
        select(func.max(c.c.begins))
        .where(*_in_cube(c, cube), c.c.begins == bindparam("after"))
        .scalar_subquery()
    )


def _signed(source: Any, accounts: tuple[str, ...], sign: int = 1) -> list[ColumnElement[int]]:
    columns = [account(source, name) for name in accounts]
    return [(column if sign > 0 else -column).label(column.key) for column in columns]


def sums_plain(
    connection: Connection,
    list_id: int,
    cube: str,
    as_of: date,
    known: Known = NOW,
    accounts: tuple[str, ...] = ACCOUNTS,
    where: tuple[ColumnElement[bool], ...] = (),
) -> Vectors:
    """Give the same totals from the postings alone: for any other cut, and to compare with.

    In: ``where``, further conditions on ``tables.postings`` (units, type, cohort, cases).
    """
    place = (connection, list_id, cube, as_of, known, accounts, where)
    rows = _read_plain(*place, by_share=False)
    return {key_value(cube, row[0]): tuple(row[1:]) for row in rows}


def shares_plain(
    connection: Connection,
    list_id: int,
    cube: str,
    as_of: date,
    known: Known = NOW,
    accounts: tuple[str, ...] = ACCOUNTS,
    where: tuple[ColumnElement[bool], ...] = (),
) -> Shared:
    """Give what ``shares`` gives from the postings alone, narrowed as ``sums_plain`` is."""
    place = (connection, list_id, cube, as_of, known, accounts, where)
    rows = _read_plain(*place, by_share=True)
    return {(int(row[0]), int(row[1])): tuple(row[2:]) for row in rows}


def _read_plain(
    connection: Connection,
    list_id: int,
    cube: str,
    as_of: date,
    known: Known,
    accounts: tuple[str, ...],
    where: tuple[ColumnElement[bool], ...],
    *,
    by_share: bool,
) -> list[Any]:
    known.check(as_of)
    shared = [SHARES[cube]] if by_share else []
    query = (
        select(key_text(cube), *shared, *summed(t.postings, accounts))
        .where(*by_then(list_id, as_of, known), *where)
        .group_by(KEYS[cube], *shared)
    )
    return list(connection.execute(query).all())


def by_then(list_id: int, as_of: date, known: Known) -> list[ColumnElement[bool]]:
    """Give the conditions on postings: of a list, effective by a day, known at a position."""
    p = t.postings
    conditions = [p.c.list_id == list_id, p.c.day <= as_of.toordinal()]
    if known.pos is not None:
        conditions.append(p.c.pos <= known.pos)
    return conditions


def units_where(ids: frozenset[int]) -> ColumnElement[bool]:
    """Give the condition on postings for a set of units, their overlap rows among them."""
    return func.abs(t.postings.c.unit_id).in_(sorted(ids))
