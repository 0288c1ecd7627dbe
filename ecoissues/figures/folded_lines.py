"""Lines that no cube knows, counted case by case by the plain definition (see ``oracle``).

Slower than sums (a list of some ten thousand cases takes a second), and as exact: the same standing
decides here and there. A case with several values counts in each; one without stands on a line of
its own, so that the lines add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from ecoissues.core.accounts import INDEX
from ecoissues.core.life import Life
from ecoissues.core.vocabulary import WEIGHTS, word
from ecoissues.figures.lines import Grouping, Overlap, distribution_note, line
from ecoissues.figures.oracle import cases_in_cut, outcome_counts
from ecoissues.figures.registry import Definition
from ecoissues.figures.standing import accounts_of

if TYPE_CHECKING:
    from ecoissues.figures.reading import Board

#: The line of the cases that have no value, or no due day.
NONE: Final = "none"


def keys_by(by: str) -> Callable[[Life], list[str]]:
    """Give the function that names the lines a case counts in. In: weight, due or ``field:CODE``."""
    if by == "weight":
        return lambda life: [life.weight]
    if by == "due":
        return lambda life: [_due_month(life)]
    field = by.partition(":")[2]
    return lambda life: _values(_stated(life, field))


def members_of_line(board: Board, definition: Definition, by: str, key: str) -> dict[int, bool]:
    """Give the cases of a line of such a grouping: id -> whether it counts in the part."""
    part_places = [INDEX[name] for name in definition.part]
    whole_places = [INDEX[name] for name in definition.whole]
    until, keys_of = board.known.instant_on(board.as_of), keys_by(by)
    found = {}
    for case_id, life in cases_in_cut(
        board.connection, board.tree, board.row, board.as_of, board.known, board.cut
    ):
        stocks = accounts_of(life, board.as_of, until)
        if any(stocks[place] for place in whole_places) and key in keys_of(life):
            found[case_id] = any(stocks[place] for place in part_places)
    return found


def by_outcome(board: Board, definition: Definition) -> Grouping:
    """Cases that have each sort of outcome, of all cases: a case once per sort."""
    found = outcome_counts(
        board.connection, board.tree, board.row, board.as_of, board.known, board.cut
    )
    whole = board.total["cases"]
    return Grouping(
        [line(board, sort, word("outcomes", sort), count, whole) for sort, count in found],
        None,
        distribution_note(definition, "有各种处理结果", "总数"),
    )


def by_weight(board: Board, definition: Definition) -> Grouping:
    """Key cases and the others."""
    counts, _ = _count(board, definition, keys_by("weight"))
    order = [*WEIGHTS, *sorted(set(counts) - set(WEIGHTS))]
    return _grouping(board, definition, counts, [(key, word("weights", key)) for key in order])


def by_due(board: Board, definition: Definition) -> Grouping:
    """The month of the finish day in force; those without one (lasting work, suspended) last."""
    counts, _ = _count(board, definition, keys_by("due"))
    months = sorted(key for key in counts if key != NONE)
    named = [(key, f"{key[:4]}年{int(key[5:])}月") for key in months]
    return _grouping(board, definition, counts, [*named, (NONE, "没有期限（长期坚持、中止等）")])


def _due_month(life: Life) -> str:
    days = [face.current for face in life.clocks.values() if face.slot == "finish" and face.current]
    return max(days).isoformat()[:7] if days else NONE


def by_field(board: Board, definition: Definition, field: str) -> Grouping:
    """The values of a choice that the kind's document states; labels are the stored values."""
    counts, over = _count(board, definition, keys_by(f"field:{field}"))
    keys = sorted(key for key in counts if key != NONE)
    made = _grouping(board, definition, counts, [*((key, key) for key in keys), (NONE, "未填写")])
    if not over[1]:
        return made
    note = f"部分事项有几个值，在每个值各计一次，各行之和比总数多 {over[1]} 件（其中分子多 {over[0]} 件）。"
    return Grouping(made.groups, Overlap(*over, note))


#: Choices that stand in a track of their own, not among a case's fields.
_TRACKS: Final = frozenset({"types", "weight", "verdict", "progress", "satisfaction"})


def _stated(life: Life, field: str) -> Any:
    return getattr(life, field) if field in _TRACKS else life.fields.get(field)


def _values(value: Any) -> list[str]:
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, list | tuple):
        return list(dict.fromkeys(str(one) for one in value)) or [NONE]
    return [NONE if value in (None, "") else str(value)]


def _count(
    board: Board, definition: Definition, keys_of: Callable[[Life], list[str]]
) -> tuple[dict[str, tuple[int, int]], tuple[int, int]]:
    """Give (part, whole) by key, and what they exceed the figure by."""
    part_places = [INDEX[name] for name in definition.part]
    whole_places = [INDEX[name] for name in definition.whole]
    counts: dict[str, tuple[int, int]] = {}
    over_part = over_whole = 0
    until = board.known.instant_on(board.as_of)
    for _, life in cases_in_cut(
        board.connection, board.tree, board.row, board.as_of, board.known, board.cut
    ):
        stocks = accounts_of(life, board.as_of, until)
        if not any(stocks[place] for place in whole_places):
            continue
        part = sum(stocks[place] for place in part_places)
        keys = keys_of(life)
        over_part, over_whole = over_part + part * (len(keys) - 1), over_whole + len(keys) - 1
        for key in keys:
            before = counts.get(key, (0, 0))
            counts[key] = (before[0] + part, before[1] + 1)
    return counts, (over_part, over_whole)


def _grouping(
    board: Board,
    definition: Definition,
    counts: dict[str, tuple[int, int]],
    order: Iterable[tuple[str, str]],
) -> Grouping:
    of = sum(board.total[name] for name in definition.whole)
    return Grouping(
        [line(board, key, label, *counts[key], of) for key, label in order if key in counts]
    )
