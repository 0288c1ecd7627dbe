"""Trends: one figure at many month ends, read from the checkpoints in one statement.

The end of a month is the checkpoint of the next one. What the checkpoints do not hold yet (the
rest), and what they hold but was not known (an earlier known-at), is read by day and added up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    cast,
    func,
    literal,
    select,
    union_all,
)

from ecoissues.core.rates import percent
from ecoissues.core.units import UnitTree
from ecoissues.figures.cubes import account, current
from ecoissues.figures.cuts import WHOLE, Cut, path_of
from ecoissues.figures.known import NOW, Known
from ecoissues.figures.reading import Board
from ecoissues.figures.registry import Definition
from ecoissues.figures.sums import next_month
from ecoissues.figures.totals import units_where
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
    ends = [day for day in days if next_month(_begins(day)) == day.toordinal() + 1]
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


def _begins(day: date) -> int:
    return day.replace(day=1).toordinal()


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
    statement = union_all(
        _checkpoints(definition, row.id, ends, units),
        *_corrections(definition, row.id, ends, known, units),
    )
    months: dict[int, tuple[int, int]] = {}
    days: list[tuple[int, int, int]] = []
    for sort, at, part, whole in connection.execute(statement):
        if sort == "month":
            months[at] = (int(part), int(whole))
        else:
            days.append((at, int(part), int(whole)))
    days.sort()
    at_days = [day for day, _, _ in days]
    running = list(
        accumulate(days, lambda one, two: (two[0], one[1] + two[1], one[2] + two[2]))
    )
    found = {}
    for end in ends:
        part, whole = _newest(months, end.toordinal() + 1)
        place = bisect_right(at_days, end.toordinal())
        if place:
            part, whole = part + running[place - 1][1], whole + running[place - 1][2]
        found[end] = (part, whole)
    return found


def _newest(months: dict[int, tuple[int, int]], month: int) -> tuple[int, int]:
    """Give the counts of the newest checkpoint at or before a month."""
    known = [one for one in months if one <= month]
    return months[max(known)] if known else (0, 0)
