"""The dispatch table (调度表): each district or department against the stations of handling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from ecoissues.core.rates import percent
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
    printed by RATES (None for an empty whole; none at all on the overlap line)."""

    sort: Literal["unit", "overlap", "total"]
    key: str
    name: str
    counts: dict[str, int]
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
    counts = {column: sum(named[one] for one in accounts) for column, accounts in COUNTS.items()}
    return DispatchRow(sort, key, name, counts, rates)
