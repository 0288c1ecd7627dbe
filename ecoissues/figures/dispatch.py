"""The dispatch table (调度表): each district or department against the stations of handling."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct

from ecoissues.core.rates import fraction_percent, percent, shown_count
from ecoissues.figures.cubes import CubeKey
from ecoissues.figures.reading import Board
from ecoissues.figures.registry import Definitions, packaged_definitions

#: Columns of the table -> the accounts each adds up.
COUNTS: Final[Mapping[str, tuple[str, ...]]] = {
    "cases": ("cases",),
    "key_cases": ("key_cases",),
    "handed_over": ("handed_over",),
    "signed_for": ("signed_for",),
    "reported": ("reported",),
    "closed": ("closed", "reviewed"),
    "phase_closed": ("phase_closed",),
    "completed": ("completed",),
    "open": ("open",),
    "overdue": ("overdue",),
    "overdue_report": ("overdue_report",),
    "overdue_finish": ("overdue_finish",),
}
RATES: Final = ("report_rate", "closure_rate", "handled_rate", "on_time_rate")


class DispatchRow(Struct, frozen=True):
    """One line: ``key`` unit code (empty on the last two), ``counts`` by COUNTS, ``rates`` as
    printed by RATES (None for an empty whole; none at all on the overlap line). A count is what
    the list's setting prints of joint cases: 17, 17.5 or ``17(+1)``."""

    sort: Literal["unit", "overlap", "total"]
    key: str
    name: str
    counts: dict[str, int | float | str]
    rates: dict[str, str | None]


def dispatch_table(
    board: Board,
    by: Literal["district", "unit"] = "district",
    definitions: Definitions | None = None,
) -> list[DispatchRow]:
    """Give the dispatch table of a board (with all accounts): its units, overlap, total.

    Out: units with at least one case in the order of the tree; a line of what joint handling
    counted more than once (negative, only if any), so that the lines above add up to the total.
    """
    known = definitions or packaged_definitions()
    vectors = board.vectors(by)
    if board.row.joint_counting != "whole":
        return _as_set(board, by, known)
    rows = [
        _row(board, "unit", unit.code, unit.short, [vectors[key]], known)
        for key, unit in board.tree.by_id.items()
        if key in vectors and board.named(vectors[key])["cases"]
    ]
    shared = [vector for key, vector in vectors.items() if _is_overlap(key)]
    overlap = _row(board, "overlap", "", "合办重复计数", shared, known)
    if any(overlap.counts.values()):
        rows.append(overlap)
    rows.append(_row(board, "total", "", "合计", list(vectors.values()), known))
    return rows


def _as_set(
    board: Board, by: Literal["district", "unit"], known: Definitions
) -> list[DispatchRow]:
    """Give the table of a list that does not count joint cases whole for each unit.

    What no line above the total counts stands on one of its own: the joint cases (``own_row``), or
    what units outside the cut lead (``plus``) or share (``half``).
    """
    way = board.row.joint_counting
    found: dict[int, list[tuple[int, dict[str, int]]]] = {}
    for (key, share), vector in board.shares(by).items():
        if key > 0 and share:
            found.setdefault(key, []).append((share, board.named(vector)))
    rows, rest = [], {name: Fraction(count) for name, count in board.total.items()}
    for key, unit in board.tree.by_id.items():
        shares = found.get(key, [])
        if not any(named["cases"] for _, named in shares):
            continue
        counted = dict.fromkeys(board.accounts, Fraction(0))
        joined = dict.fromkeys(board.accounts, 0)
        for share, named in shares:
            for name, value in named.items():
                if way == "half":
                    counted[name] += Fraction(value, abs(share))
                elif (way == "plus" and share > 0) or (way == "own_row" and share == 1):
                    counted[name] += value
                elif way == "plus":
                    joined[name] += value
        rest = {name: count - counted[name] for name, count in rest.items()}
        rows.append(_shared_row(unit.code, unit.short, counted, joined, known))
    if rest["cases"]:
        name = "合办" if way == "own_row" else "范围以外的单位"
        rows.append(_shared_row("", name, rest, {}, known, "overlap"))
    return [*rows, _row(board, "total", "", "合计", list(board.vectors(by).values()), known)]


def _shared_row(
    key: str,
    name: str,
    counted: Mapping[str, Fraction],
    joined: Mapping[str, int],
    known: Definitions,
    sort: Literal["unit", "overlap"] = "unit",
) -> DispatchRow:
    counts: dict[str, int | float | str] = {}
    for column, accounts in COUNTS.items():
        value = sum((counted[one] for one in accounts), Fraction(0))
        more = sum(joined.get(one, 0) for one in accounts)
        shown = int(value) if value.denominator == 1 else float(shown_count(value))
        counts[column] = f"{shown}(+{more})" if more else shown
    rates = {
        code: fraction_percent(
            sum((counted[one] for one in known.get(code).part), Fraction(0)),
            sum((counted[one] for one in known.get(code).whole), Fraction(0)),
        )
        for code in RATES
    }
    return DispatchRow(sort, key, name, counts, rates)


def _is_overlap(key: CubeKey) -> bool:
    return int(key) < 0


def _row(
    board: Board,
    sort: Literal["unit", "overlap", "total"],
    key: str,
    name: str,
    vectors: list[tuple[int, ...]],
    known: Definitions,
) -> DispatchRow:
    named = dict.fromkeys(board.accounts, 0)
    for vector in vectors:
        for account, value in board.named(vector).items():
            named[account] += value
    rates: dict[str, str | None] = {}
    if sort != "overlap":
        for code in RATES:
            definition = known.get(code)
            rates[code] = percent(
                sum(named[one] for one in definition.part),
                sum(named[one] for one in definition.whole),
            )
    counts: dict[str, int | float | str] = {
        column: sum(named[one] for one in accounts) for column, accounts in COUNTS.items()
    }
    return DispatchRow(sort, key, name, counts, rates)
