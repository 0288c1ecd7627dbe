"""Two dates compared: a figure on both, what grew, and every case that moved between them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from msgspec import Struct
from sqlalchemy import Connection

from ecoissues.core.rates import percent
from ecoissues.core.units import UnitTree
from ecoissues.figures.cuts import WHOLE, Cut
from ecoissues.figures.known import NOW, Known
from ecoissues.figures.reading import Figure, figure, members
from ecoissues.figures.registry import Definition
from ecoissues.storage.reference import ListRow

#: Where a case stands in a figure: in its part, in the rest of its whole, or outside.
Place = Literal["part", "rest", "out"]
Previous = Literal["month", "quarter", "year"]

PLACES: Final[dict[Place, str]] = {"part": "计入分子", "rest": "只计入分母", "out": "不计入"}


class Moment(Struct, frozen=True):
    """A day and what is known of it."""

    as_of: date
    known: Known = NOW


class Move(Struct, frozen=True):
    """A case that stands elsewhere in the figure on the later day than on the earlier one."""

    case_id: int
    before: Place
    after: Place


class Comparison(Struct, frozen=True):
    """A figure on two days. ``moves`` explains the whole difference: part and whole on the later
    day are those of the earlier one plus what came in less what went out."""

    before: Figure
    after: Figure
    moves: list[Move]

    @property
    def part_change(self) -> int:
        """How many more cases are in the part."""
        return self.after.part - self.before.part

    @property
    def whole_change(self) -> int:
        """How many more cases are in the whole."""
        return self.after.whole - self.before.whole

    @property
    def points(self) -> str | None:
        """By how many percentage points the rate changed (``+1.3``); None where a whole is empty."""
        if not (self.before.whole and self.after.whole):
            return None
        then = Decimal(100 * self.before.part) / self.before.whole
        now = Decimal(100 * self.after.part) / self.after.whole
        return f"{(now - then).quantize(Decimal('0.1'), ROUND_HALF_UP):+}"

    @property
    def growth(self) -> str | None:
        """By how much the part grew on what it was (``+86.0%``); None where it was nothing."""
        return grown(self.before.part, self.after.part)


def grown(before: int, after: int) -> str | None:
    """Give the growth of a count on what it was before (``+86.0%``, ``-12.5%``), or None."""
    if not before:
        return None
    return f"{'-' if after < before else '+'}{percent(abs(after - before), before)}"


def compare_days(
    connection: Connection,
    tree: UnitTree,
    definition: Definition,
    row: ListRow,
    before: Moment,
    after: Moment,
    cut: Cut = WHOLE,
) -> Comparison:
    """Compare a figure at two moments. Errors as ``reading.figure``.

    In: the moments may differ in day, in what is known, or both. Out: moves in order of case ids.
    """
    place = (connection, tree, definition, row)
    figures = [figure(*place, one.as_of, one.known, cut) for one in (before, after)]
    parts, rests = (
        [set(members(*place, one.as_of, one.known, cut, which)) for one in (before, after)]
        for which in ("part", "rest")
    )
    moves = list(_moves(parts, rests))
    return Comparison(figures[0], figures[1], moves)


def _moves(parts: list[set[int]], rests: list[set[int]]) -> Iterator[Move]:
    for case_id in sorted(set().union(*parts, *rests)):
        before, after = (_place(case_id, parts[at], rests[at]) for at in (0, 1))
        if before != after:
            yield Move(case_id, before, after)


def _place(case_id: int, part: set[int], rest: set[int]) -> Place:
    return "part" if case_id in part else "rest" if case_id in rest else "out"


def previous_day(day: date, period: Previous) -> date:
    """Give the day to compare with: the same place in the period before.

    A month end answers a month end (31 March → 29 February 2024), any other day the same day of
    the month as far as that month goes.
    """
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = _month_length(year, month + 1)
    is_end = day.day == _month_length(day.year, day.month)
    return date(year, month + 1, last if is_end else min(day.day, last))


def _month_length(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - date(year, month, 1)).days
