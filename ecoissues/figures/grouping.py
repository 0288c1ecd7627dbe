"""Figures line by line: by district, unit, type, problem, verdict, channel, phase, month …

A line's ``part`` and ``whole`` are the cases it opens into. What is printed may differ: what several
units handle together is counted by the list's setting (``JOINT_COUNTINGS``), and a share tells which
part of all cases, or of all problems, a line is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from ecoissues.core.errors import Refused
from ecoissues.core.rates import fraction_percent, percent, shown_count
from ecoissues.core.vocabulary import PHASES, TYPES, VERDICTS, word
from ecoissues.figures.cubes import CubeKey
from ecoissues.figures.oracle import outcome_counts
from ecoissues.figures.registry import Definition

if TYPE_CHECKING:
    from ecoissues.figures.reading import Board

By = Literal[
    "district", "unit", "type", "problem", "verdict", "channel", "phase", "outcome", "month", "clock"
]  # fmt: skip

_CLOCKS: Final = {"overdue_report": ("report", "反馈"), "overdue_finish": ("finish", "办结")}
#: The line that holds what several units handle together, where the list counts them so.
JOINT_ROW: Final = "joint"
_NOTES: Final = {
    "plus": "括号内为合办件数：由其他单位主办、本单位参与；主办件数之和等于总数。",
    "own_row": "由几个单位合办的事项单列一行，不计入各单位；各行之和等于总数。",
    "half": "合办事项按承办家数均分；各行之和等于总数。",
}


class Group(Struct, frozen=True):
    """One line of a figure. ``key``: unit code, type, phase, outcome, clock, or month YYYY-MM.

    ``part`` and ``whole``: the cases it opens into; ``shown_part`` and ``shown_whole``: as printed
    (``17(+1)``, ``17.5``), to which ``percent`` belongs; ``share``: its part of the figure's whole.
    """

    key: str
    label: str
    part: int
    whole: int
    percent: str | None
    share: str | None = None
    shown_part: str = ""
    shown_whole: str = ""

    @property
    def rate(self) -> Fraction:
        """The rate as it is printed, for places in a ranking: of what the setting counts."""
        part, whole = (
            Fraction((shown or str(count)).partition("(")[0])
            for shown, count in ((self.shown_part, self.part), (self.shown_whole, self.whole))
        )
        return part / whole if whole else Fraction(0)


class Overlap(Struct, frozen=True):
    """By how much the groups' sums exceed the figure, and why (a Chinese sentence)."""

    part: int
    whole: int
    note: str


class Grouping(Struct, frozen=True):
    """All lines, what they exceed the figure by, and a sentence on how they were counted."""

    groups: list[Group] = []
    overlap: Overlap | None = None
    note: str = ""


class _Count(Struct):
    """What one unit is counted with: as it opens, and as the list's setting prints it."""

    part: int = 0
    whole: int = 0
    led_part: int = 0
    led_whole: int = 0
    sole_part: int = 0
    sole_whole: int = 0
    equal_part: Fraction = Fraction(0)
    equal_whole: Fraction = Fraction(0)

    def add(self, part: int, whole: int, share: int) -> None:
        self.part, self.whole = self.part + part, self.whole + whole
        if share > 0:
            self.led_part, self.led_whole = self.led_part + part, self.led_whole + whole
        if abs(share) == 1:
            self.sole_part, self.sole_whole = self.sole_part + part, self.sole_whole + whole
        self.equal_part += Fraction(part, abs(share))
        self.equal_whole += Fraction(whole, abs(share))


def _group(key: str, label: str, part: int, whole: int, of: int = 0) -> Group:
    share = percent(whole, of) if of else None
    return Group(key, label, part, whole, percent(part, whole), share, str(part), str(whole))


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
    found, over_part, over_whole, total = list[tuple[str, str, int, int]](), 0, 0, 0
    for key, vector in vectors.items():
        part, whole = board.counted(definition, vector)
        total += whole
        if describe(key) is None:
            over_part, over_whole = over_part - part, over_whole - whole
    for key in order:
        described = describe(key)
        if key in vectors and described is not None:
            part, whole = board.counted(definition, vectors[key])
            if whole:
                found.append((*described, part, whole))
    groups = [_group(*one, of=total) for one in found]
    if not over_whole:
        return Grouping(groups)
    note = f"{reason}，各行之和比总数多 {over_whole} 件（其中分子多 {over_part} 件）。"
    return Grouping(groups, Overlap(over_part, over_whole, note))


def _units(board: Board, definition: Definition, cube: str) -> Grouping:
    if board.row.joint_counting in _NOTES:
        return _shared(board, definition, cube, board.row.joint_counting)
    units = board.tree.by_id

    def describe(key: CubeKey) -> tuple[str, str] | None:
        unit = units.get(int(key))
        return (unit.code, unit.short) if unit else None

    reason = "合办事项在每个责任单位各计一次"
    return _spread(board, definition, cube, describe, units, reason)


def _shared(board: Board, definition: Definition, cube: str, way: str) -> Grouping:
    """Group by unit where the list does not count joint cases whole for each."""
    counts: dict[int, _Count] = {}
    for (key, share), vector in board.shares(cube).items():
        if key > 0 and share:
            counts.setdefault(key, _Count()).add(*board.counted(definition, vector), share)
    figure = board.figure(definition)
    groups = []
    for key, unit in board.tree.by_id.items():
        count = counts.get(key)
        if count is not None and count.whole:
            groups.append(_as_set(unit.code, unit.short, count, way, figure.whole))
    if way == "own_row":
        part = figure.part - sum(count.sole_part for count in counts.values())
        whole = figure.whole - sum(count.sole_whole for count in counts.values())
        if whole:
            groups.append(_group(JOINT_ROW, "合办", part, whole, figure.whole))
    note = _NOTES[way]
    if board.path is not None and cube == "unit":
        note = note.replace("等于总数", "可能小于总数（主办或合办单位不在所选范围内）")
    return Grouping(groups, None, note)


def _as_set(code: str, name: str, count: _Count, way: str, of: int) -> Group:
    if way == "plus":
        joined_part, joined = count.part - count.led_part, count.whole - count.led_whole
        return Group(
            code, name, count.part, count.whole, percent(count.led_part, count.led_whole),
            percent(count.led_whole, of) if of else None,
            _plus(count.led_part, joined_part), _plus(count.led_whole, joined),
        )  # fmt: skip
    if way == "own_row":
        return Group(
            code, name, count.part, count.whole, percent(count.sole_part, count.sole_whole),
            percent(count.sole_whole, of) if of else None, str(count.sole_part),
            str(count.sole_whole),
        )  # fmt: skip
    return Group(
        code, name, count.part, count.whole, fraction_percent(count.equal_part, count.equal_whole),
        fraction_percent(count.equal_whole, Fraction(of)), shown_count(count.equal_part),
        shown_count(count.equal_whole),
    )  # fmt: skip


def _plus(led: int, joined: int) -> str:
    return f"{led}(+{joined})" if joined else str(led)


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
    return Grouping([_group(g.key, g.label, g.part, g.whole, whole) for g in groups], None, note)


def _by_month(board: Board, definition: Definition) -> Grouping:
    def describe(key: CubeKey) -> tuple[str, str]:
        year, month = divmod(int(key), 100)
        return f"{year}-{month:02d}", f"{year}年{month}月"

    months = sorted(int(key) for key in board.vectors("cohort"))
    return _spread(board, definition, "cohort", describe, months, "")


def _by_phase(board: Board, definition: Definition) -> Grouping:
    total = board.total
    groups = [
        _group(phase, word("phases", phase), total[phase], total["cases"])
        for phase in PHASES
        if phase != "void"
    ]
    if total["void"]:
        void = total["void"]
        groups.append(Group("void", word("phases", "void"), void, 0, None, None, str(void), "0"))
    return Grouping(groups)


def _by_clock(board: Board, definition: Definition) -> Grouping:
    if "overdue" not in definition.part:
        raise Refused("cut_unknown", f"指标“{definition.wording.zh}”不能按时钟分组。")
    total = board.total
    return Grouping(
        [_group(key, label, total[name], total["cases"]) for name, (key, label) in _CLOCKS.items()]
    )


def _by_outcome(board: Board, definition: Definition) -> Grouping:
    found = outcome_counts(
        board.connection, board.tree, board.row, board.as_of, board.known, board.path, board.cut
    )
    whole = board.total["cases"]
    return Grouping([_group(sort, word("outcomes", sort), count, whole) for sort, count in found])


def _by_verdict(board: Board, definition: Definition) -> Grouping:
    total = board.total
    whole = sum(total[verdict] for verdict in VERDICTS)
    return Grouping([_group(one, word("verdicts", one), total[one], whole) for one in VERDICTS])


def _by_channel(board: Board, definition: Definition) -> Grouping:
    total = board.total
    named = [("call", "来电", total["calls"]), ("letter", "来信", total["letters"])]
    rest = total["cases"] - total["calls"] - total["letters"]
    return Grouping(
        [_group(*one, total["cases"]) for one in (*named, ("other", "其他途径", rest))]
    )


GROUPINGS: Final[dict[By, Callable[[Board, Definition], Grouping]]] = {
    "district": _by_district,
    "unit": _by_unit,
    "type": _by_type,
    "problem": _by_problem,
    "verdict": _by_verdict,
    "channel": _by_channel,
    "phase": _by_phase,
    "outcome": _by_outcome,
    "month": _by_month,
    "clock": _by_clock,
}
