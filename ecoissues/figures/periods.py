"""What a period brought: arrivals and closings of its days, beside the fate of its own arrivals.

Closings over arrivals of the same month are no rate (an office closed 24 of 23, since it closed the
month before's too): the throughput is printed as two counts, the rate is that of the cohort.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, func, select

from ecoissues.core.accounts import FLOWS
from ecoissues.core.rates import percent
from ecoissues.core.units import UnitTree
from ecoissues.figures.cuts import WHOLE, Cut, conditions, path_of
from ecoissues.figures.known import NOW, Known
from ecoissues.figures.reading import Board, members
from ecoissues.figures.registry import Definition
from ecoissues.figures.totals import by_then
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow


class Throughput(Struct, frozen=True):
    """Events of the days from ``begins`` to ``ends``; ``cohort`` is (part, whole, percent) of the
    cases registered in these days, as of ``as_of``; ``cohort_void`` of them are not counted then."""

    begins: date
    ends: date
    as_of: date
    arrivals: int
    closings: int
    reopenings: int
    cohort_part: int
    cohort_whole: int
    cohort_percent: str | None
    cohort_void: int = 0


def throughput(
    connection: Connection,
    tree: UnitTree,
    definition: Definition,
    row: ListRow,
    begins: date,
    ends: date,
    as_of: date,
    known: Known = NOW,
    cut: Cut = WHOLE,
) -> Throughput:
    """Give what happened in a period, and the figure of what was registered in it.

    In: the period (both days count), the day the cohort is looked at (not before ``ends``).
    """
    flows = _flows(connection, tree, row, ends, known, cut)
    if begins > date.min:
        earlier = _flows(connection, tree, row, begins - timedelta(1), known, cut)
        flows = {name: flows[name] - earlier[name] for name in FLOWS}
    place = (connection, tree, row, begins, ends, known, cut)
    part, whole, void = _cohort(*place, definition, as_of)
    return Throughput(
        begins, ends, as_of, flows["arrivals"], flows["closings"], flows["reopenings"],
        part, whole, percent(part, whole), void,
    )  # fmt: skip


def _flows(
    connection: Connection, tree: UnitTree, row: ListRow, day: date, known: Known, cut: Cut
) -> dict[str, int]:
    return Board(connection, tree, row, day, known, cut, FLOWS).total


def _cohort(
    connection: Connection,
    tree: UnitTree,
    row: ListRow,
    begins: date,
    ends: date,
    known: Known,
    cut: Cut,
    definition: Definition,
    as_of: date,
) -> tuple[int, int, int]:
    """Count the figure over the cases whose arrival lies in the period, whole months or not; and
    how many of these cases are void by the day."""
    p, within = t.postings.c, conditions(tree, path_of(tree, row, cut), cut)
    arrived = (
        select(p.case_id)
        .where(*by_then(row.id, ends, known), p.day >= begins.toordinal(), *within)
        .group_by(p.case_id)
        .having(func.sum(p.a_arrivals) > 0)
    )
    left = (
        select(p.case_id)
        .where(*by_then(row.id, as_of, known), *within, p.case_id.in_(arrived))
        .group_by(p.case_id)
        .having(func.sum(p.a_void) > 0)
    )
    ids = set(connection.execute(arrived).scalars())
    void = len(connection.execute(left).all())
    place = (connection, tree, definition, row, as_of, known, cut)
    part = len(ids & set(members(*place, "part")))
    return part, part + len(ids & set(members(*place, "rest"))), void


class Units(Struct, frozen=True):
    """The counting units that must not be mixed, as of a day. ``problems``: a case counts once for
    each pollution type; ``handlings``: once for each district or department (or unit)."""

    received: int
    calls: int
    letters: int
    void: int
    accepted: int
    merged: int
    handed_over: int
    originals: int
    parts: int
    problems: int
    handlings_by_district: int
    handlings_by_unit: int


#: Name -> what it is called.
UNIT_WORDS: Final = {
    "received": "收到（含不予受理、撤回和误录）",
    "calls": "其中来电",
    "letters": "其中来信",
    "void": "不计入",
    "accepted": "受理",
    "merged": "其中并入主件的重复件",
    "handed_over": "已转办",
    "originals": "原件（分解前）",
    "parts": "分解增加的件",
    "problems": "问题个数（按类型）",
    "handlings_by_district": "承办次数（按区县、部门）",
    "handlings_by_unit": "承办次数（按单位）",
}


def counting_units(board: Board) -> Units:
    """Give every counting unit of a board that has all accounts."""
    total = board.total

    def counted(cube: str) -> int:
        vectors = board.vectors(cube).items()
        named = [board.named(vector)["cases"] for key, vector in vectors if _is_own(key)]
        return sum(named)

    return Units(
        received=total["cases"] + total["void"], calls=total["calls"], letters=total["letters"],
        void=total["void"], accepted=total["cases"], merged=total["merged"],
        handed_over=total["handed_over"], originals=total["originals"],
        parts=total["cases"] - total["originals"], problems=counted("type"),
        handlings_by_district=counted("district"), handlings_by_unit=_handlings(board),
    )  # fmt: skip


def _is_own(key: int | str) -> bool:
    return key != "" if isinstance(key, str) else key > 0


def _handlings(board: Board) -> int:
    return sum(
        board.named(vector)["cases"] for (key, _), vector in board.shares("unit").items() if key > 0
    )
