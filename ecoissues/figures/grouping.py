"""Figures line by line: by district, unit, type, problem, verdict, channel, phase, month …

A line's ``part`` and ``whole`` are the cases it opens into. What is printed may differ: what several
units handle together is counted by the list's setting (``JOINT_COUNTINGS``), and a share tells which
part of all cases, or of all problems, a line is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, Literal

from ecoissues.core.errors import Refused
from ecoissues.core.rates import percent
from ecoissues.core.vocabulary import PHASES, TYPES, VERDICTS, word
from ecoissues.figures.cubes import CubeKey
from ecoissues.figures.folded_lines import by_due, by_field, by_outcome, by_weight
from ecoissues.figures.joint_lines import WAYS, joint_lines
from ecoissues.figures.lines import Group, Grouping, Overlap, distribution_note, line
from ecoissues.figures.registry import Definition

if TYPE_CHECKING:
    from ecoissues.figures.reading import Board

By = Literal[
    "district", "unit", "type", "problem", "verdict", "channel", "phase", "outcome", "month", "clock",
    "weight", "due",
]  # fmt: skip
#: Before the code of a choice of the list's kind: the grouping by its values.
FIELD: Final = "field:"

_CLOCKS: Final = {"overdue_report": ("report", "反馈"), "overdue_finish": ("finish", "办结")}


def _spread(
    board: Board,
    definition: Definition,
    cube: str,
    describe: Callable[[CubeKey], tuple[str, str] | None],
    order: Iterable[CubeKey],
    reason: str,
) -> Grouping:
    """Group by the keys of a cube; keys that ``describe`` gives None for are the overlap rows."""
    vectors = board.vectors(cube)
    described, over_part, over_whole, total = dict[CubeKey, tuple[str, str, int, int]](), 0, 0, 0
    for key, vector in vectors.items():
        part, whole = board.counted(definition, vector)
        total += whole
        names = describe(key)
        if names is None:
            over_part, over_whole = over_part - part, over_whole - whole
        elif whole:
            described[key] = (*names, part, whole)
    groups = [line(board, *described[key], of=total) for key in order if key in described]
    if not over_whole:
        return Grouping(groups)
    note = f"{reason}，各行之和比总数多 {over_whole} 件（其中分子多 {over_part} 件）。"
    return Grouping(groups, Overlap(over_part, over_whole, note))


def _units(board: Board, definition: Definition, cube: str) -> Grouping:
    if board.row.joint_counting in WAYS:
        return joint_lines(board, definition, cube, board.row.joint_counting)
    units = board.tree.by_id

    def describe(key: CubeKey) -> tuple[str, str] | None:
        unit = units.get(int(key))
        return (unit.code, unit.short) if unit else None

    reason = "合办事项在每个责任单位各计一次"
    return _spread(board, definition, cube, describe, units, reason)


def _by_district(board: Board, definition: Definition) -> Grouping:
    return _units(board, definition, "district")


def _by_unit(board: Board, definition: Definition) -> Grouping:
    return _units(board, definition, "unit")


def _by_type(board: Board, definition: Definition) -> Grouping:
    found = _types(board, definition)
    over = found.overlap
    if over is None:
        return found
    whole = sum(group.whole for group in found.groups) - over.whole
    shares = percent(whole + over.whole, whole) if whole else None
    note = f"{over.note}各类占比之和为 {shares}，大于 100%。"
    return Grouping(found.groups, Overlap(over.part, over.whole, note))


def _types(board: Board, definition: Definition) -> Grouping:
    def describe(key: CubeKey) -> tuple[str, str] | None:
        return (str(key), word("types", str(key))) if key else None

    order = [*TYPES, *sorted(str(key) for key in board.vectors("type") if key not in TYPES)]
    reason = "部分事项涉及多个污染类型，在每个类型各计一次"
    return _spread(board, definition, "type", describe, order, reason)


def _by_problem(board: Board, definition: Definition) -> Grouping:
    """The same lines counted as problems: a case of two types is two problems, shares sum to 100 %."""
    groups = _types(board, definition).groups
    whole = sum(group.whole for group in groups)
    note = f"按问题个数计：一件涉及几个类型的计几个问题，共 {whole} 个，占比之和为 100%。"
    made = [line(board, g.key, g.label, g.part, g.whole, whole) for g in groups]
    return Grouping(made, None, note)


def _by_month(board: Board, definition: Definition) -> Grouping:
    def describe(key: CubeKey) -> tuple[str, str]:
        year, month = divmod(int(key), 100)
        return f"{year}-{month:02d}", f"{year}年{month}月"

    months = sorted(int(key) for key in board.vectors("cohort"))
    return _spread(board, definition, "cohort", describe, months, "")


def _by_phase(board: Board, definition: Definition) -> Grouping:
    total = board.total
    groups = [
        line(board, phase, word("phases", phase), total[phase], total["cases"])
        for phase in PHASES
        if phase != "void"
    ]
    if total["void"]:
        void = total["void"]
        groups.append(Group("void", word("phases", "void"), void, 0, None, None, str(void), "0"))
    return Grouping(groups, None, distribution_note(definition, "处在各阶段", "总数"))


def _by_clock(board: Board, definition: Definition) -> Grouping:
    if "overdue" not in definition.part:
        raise Refused("cut_unknown", f"指标“{definition.wording.zh}”不能按时钟分组。")
    total = board.total
    return Grouping(
        [
            line(board, key, label, total[name], total["cases"])
            for name, (key, label) in _CLOCKS.items()
        ]
    )


def _by_verdict(board: Board, definition: Definition) -> Grouping:
    total = board.total
    whole = sum(total[verdict] for verdict in VERDICTS)
    return Grouping(
        [line(board, one, word("verdicts", one), total[one], whole) for one in VERDICTS],
        None,
        distribution_note(definition, "各种核实结论", "已核实件数"),
    )


def _by_channel(board: Board, definition: Definition) -> Grouping:
    total = board.total
    named = [("call", "来电", total["calls"]), ("letter", "来信", total["letters"])]
    rest = total["cases"] - total["calls"] - total["letters"]
    return Grouping(
        [line(board, *one, total["cases"]) for one in (*named, ("other", "其他途径", rest))],
        None,
        distribution_note(definition, "各种来源", "总数"),
    )


GROUPINGS: Final[dict[str, Callable[[Board, Definition], Grouping]]] = {
    "district": _by_district,
    "unit": _by_unit,
    "type": _by_type,
    "problem": _by_problem,
    "verdict": _by_verdict,
    "channel": _by_channel,
    "phase": _by_phase,
    "outcome": by_outcome,
    "month": _by_month,
    "clock": _by_clock,
    "weight": by_weight,
    "due": by_due,
}


def lines_by(board: Board, definition: Definition, by: str) -> Grouping:
    """Group a figure. In: a key of ``GROUPINGS``, or ``field:`` and the code of a choice.

    Refused ``cut_unknown`` for another word, or where the definition has no such lines.
    """
    if by.startswith(FIELD):
        return by_field(board, definition, by.removeprefix(FIELD))
    found = GROUPINGS.get(by)
    if found is None:
        raise Refused("cut_unknown", f"没有分组方式“{by[:20]}”；可选：{'、'.join(GROUPINGS)}。")
    return found(board, definition)

