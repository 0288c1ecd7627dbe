"""Trends: one figure at many month ends, read from the checkpoints in one statement.

The end of a month is the checkpoint at the beginning of the next one. What the checkpoints do not
hold yet (the rest), and what they hold but was not known (an earlier known-at), is read by day and
added up.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Integer,
    Select,
    bindparam,
    func,
    literal,
    select,
    union_all,
)

from ecoissues.core.rates import percent
from ecoissues.core.units import UnitTree
from ecoissues.figures.cubes import account, current
from ecoissues.figures.cuts import WHOLE, Cut, path_of
from ecoissues.figures.known import NOW, Known, end_of_month_position
from ecoissues.figures.reading import Board
from ecoissues.figures.registry import Definition
from ecoissues.figures.totals import FRESH, LATE, LATE_INDEX, units_where
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow


class Point(Struct, frozen=True):
    """A figure on one day of a trend."""

    as_of: date
    part: int
    whole: int
    percent: str | None


def month_ends(until: date, months: int = 12) -> list[date]:
    """Give the last days of the months before ``until``'s month, and ``until`` itself.

    In: the last day wanted and how many points. Out: oldest first.
    """
    ends = [until]
    while len(ends) < months:
        ends.append(date.fromordinal(ends[-1].replace(day=1).toordinal() - 1))
    return ends[::-1]


def series(
    connection: Connection,
    tree: UnitTree,
    definition: Definition,
    row: ListRow,
    days: Sequence[date],
    known: Known = NOW,
    cut: Cut = WHOLE,
) -> list[Point]:
    """Give a figure at each of the days, oldest first (``month_ends``).

    In: days; month ends come from one statement, any other day costs one figure; units may narrow
    the cut, nothing else quickly.
    """
    ends = [
        day
        for day in days
        if day.day == monthrange(day.year, day.month)[1] and not known.instant_on(day)
    ]
    if cut.needs_postings:
        ends = []
    counted = _at_month_ends(connection, tree, definition, row, ends, known, cut) if ends else {}
    points = []
    for day in days:
        known.check(day)
        if day in counted:
            part, whole = counted[day]
        else:
            board = Board(connection, tree, row, day, known, cut, definition.accounts)
            found = board.figure(definition)
            part, whole = found.part, found.whole
        points.append(Point(day, part, whole, percent(part, whole)))
    return points


def _at_month_ends(
    connection: Connection,
    tree: UnitTree,
    definition: Definition,
    row: ListRow,
    ends: list[date],
    known: Known,
    cut: Cut,
) -> dict[date, tuple[int, int]]:
    path = path_of(tree, row, cut)
    units = None if path is None else frozenset(unit.id for unit in tree.below(path))
    month_end = end_of_month_position(connection, max(ends)) if known.pos is not None else 0
    earlier = "" if known.pos is None else "this_month" if month_end > known.pos else "before"
    values = {
        "list_id": row.id, "last": max(ends).toordinal(), "limit": known.limit,
        "points": [end.toordinal() + 1 for end in ends],
        **({"known": known.pos} if earlier else {}),
        **({"month_end": month_end} if earlier == "this_month" else {}),
    }  # fmt: skip
    found = connection.execute(_statement(definition, units, earlier), values).all()
    points = {at: (int(part), int(whole)) for sort, at, part, whole in found if sort == "point"}
    newest = next((int(at) for sort, at, *_ in found if sort == "newest" and at), 0)
    days = sorted(
        (int(at), int(part), int(whole), sort) for sort, at, part, whole in found
        if sort in ("sum", "change")
    )  # fmt: skip
    counted = {}
    for end in ends:
        last = end.toordinal()
        part, whole = points.get(min(last + 1, newest), (0, 0))
        for at, more_part, more_whole, sort in days:
            # Day sums are wanted only past the newest checkpoint, changes always.
            if at <= last and (sort == "change" or last >= newest):
                part, whole = part + more_part, whole + more_whole
        counted[end] = (part, whole)
    return counted


@lru_cache(maxsize=256)
def _statement(
    definition: Definition, units: frozenset[int] | None, earlier: str
) -> CompoundSelect[Any]:
    """Give rows (sort, month or day, part, whole) in one statement: one state of the database.

    What was not known yet (``earlier``: known as of the last day's own month or one before it) is
    taken off as ``totals`` says. Values to give: ``list_id``; ``last`` day; ``points`` whose
    checkpoints are wanted; ``limit``, the last position that counts; with ``earlier`` also
    ``known``; ``month_end``, the last position recorded in the month of the last day.
    """
    cube = "district" if units is None else "unit"
    c, d, p = t.checkpoints, t.day_sums, t.postings
    list_id: Any = bindparam("list_id")
    last: Any = bindparam("last", type_=Integer)
    limit: Any = bindparam("limit")
    known: Any = bindparam("known")
    reached = func.coalesce(current("upto_pos"), 0)
    any_point = c.alias()
    newest = (
        select(func.max(any_point.c.begins))
        .where(*_of_cube(any_point, cube, list_id), any_point.c.begins <= last + 1)
        .scalar_subquery()
    )
    points = _rows("point", c, c.c.begins, definition).where(*_of_cube(c, cube, list_id, units))
    base = func.coalesce(newest, 0)
    by_day = [p.c.list_id == list_id, p.c.day + 0 <= last]
    if units is not None:
        by_day.append(units_where(units))
    arms = [
        select(literal("newest"), newest, literal(0), literal(0)),
        # Two arms, each a search by the key; with OR every checkpoint of the list would be read.
        points.where(c.c.begins.in_(bindparam("points", expanding=True))),
        points.where(c.c.begins == newest),
        _rows("sum", d, d.c.day, definition).where(
            *_of_cube(d, cube, list_id, units), d.c.day >= base, d.c.day <= last
        ),
        _rows("change", p, p.c.day, definition).where(*by_day, p.c.pos > reached, p.c.pos <= limit),
    ]
    if earlier:
        less = _rows("change", p, p.c.day, definition, -1).where(
            *by_day, p.c.pos > known, p.c.pos <= reached
        )
        arms.append(less.where(LATE).with_hint(p, LATE_INDEX, "sqlite"))
        if earlier == "this_month":
            arms.append(less.where(FRESH, p.c.pos <= bindparam("month_end")))
    return union_all(*arms)


def _of_cube(
    source: Any, cube: str, list_id: Any, units: frozenset[int] | None = None
) -> list[ColumnElement[bool]]:
    found = [
        source.c.generation == current("id"), source.c.cube == cube, source.c.list_id == list_id
    ]  # fmt: skip
    if units is not None:
        found.append(source.c.key.in_([str(sign * unit) for unit in sorted(units)
                                       for sign in (1, -1)]))  # fmt: skip
    return found


def _rows(sort: str, source: Any, at: Any, definition: Definition, sign: int = 1) -> Select[Any]:
    def total(names: tuple[str, ...]) -> Any:
        return sign * func.sum(
            sum((account(source, n) for n in names[1:]), account(source, names[0]))
        )

    return select(
        literal(sort), at, total(definition.part), total(definition.whole)
    ).group_by(at)  # fmt: skip
