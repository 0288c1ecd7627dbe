"""Lines by district or unit where a list does not count joint cases whole for each (合办件).

A unit's number is the same whatever part of the tree is looked at: half a case stays half a case in
the district's own table. So within one district the lines may sum to less than its total, by what
units elsewhere lead or share; the note tells by how much.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from ecoissues.core.rates import fraction_percent, percent, shown_count
from ecoissues.figures.lines import Group, Grouping, line
from ecoissues.figures.registry import Definition

if TYPE_CHECKING:
    from ecoissues.figures.reading import Board

#: The line that holds what several units handle together, where the list counts them so.
JOINT_ROW: Final = "joint"
#: Settings other than ``whole`` (``JOINT_COUNTINGS``) -> how the lines were counted.
WAYS: Final[Mapping[str, str]] = {
    "plus": "括号内为合办件数：由其他单位主办、本单位参与",
    "own_row": "由几个单位合办的事项单列一行，不计入各单位",
    "half": "合办事项按承办家数均分",
}


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

    def counted(self, way: str) -> tuple[Fraction, Fraction]:
        """Give (part, whole) of what the setting counts for this unit."""
        if way == "half":
            return self.equal_part, self.equal_whole
        if way == "plus":
            return Fraction(self.led_part), Fraction(self.led_whole)
        return Fraction(self.sole_part), Fraction(self.sole_whole)


def joint_lines(board: Board, definition: Definition, cube: str, way: str) -> Grouping:
    """Group by ``district`` or ``unit`` as the list's setting (a key of ``WAYS``) counts."""
    counts: dict[int, _Count] = {}
    for (key, share), vector in board.shares(cube).items():
        if key > 0 and share:
            counts.setdefault(key, _Count()).add(*board.counted(definition, vector), share)
    figure = board.figure(definition)
    groups, rest_part, rest_whole = list[Group](), Fraction(figure.part), Fraction(figure.whole)
    for key, unit in board.tree.by_id.items():
        count = counts.get(key)
        if count is not None and count.whole:
            groups.append(_line(board, unit.code, unit.short, count, way, figure.whole))
            part, whole = count.counted(way)
            rest_part, rest_whole = rest_part - part, rest_whole - whole
    if way == "own_row" and rest_whole:
        alone = (int(rest_part), int(rest_whole))
        groups.append(line(board, JOINT_ROW, "合办", *alone, figure.whole))
        rest_whole = Fraction(0)
    return Grouping(groups, None, _note(way, rest_whole))


def _note(way: str, rest: Fraction) -> str:
    if not rest:
        led = "；主办件数之和等于总数。" if way == "plus" else "；各行之和等于总数。"
        return WAYS[way] + led
    count = shown_count(rest)
    if way == "plus":
        return f"{WAYS[way]}；有 {count} 件由范围以外的单位主办，主办件数之和比总数少 {count} 件。"
    return (
        f"{WAYS[way]}，各家的份额不因查看范围而变；范围以外的承办单位占 {count} 件，"
        f"各行之和比总数少 {count} 件。"
    )


def _line(
    board: Board, code: str, name: str, count: _Count, way: str, of: int
) -> Group:
    places = board.places
    if way == "half":
        part, whole = count.counted(way)
        return Group(
            code, name, count.part, count.whole, fraction_percent(part, whole, places),
            fraction_percent(whole, Fraction(of), places), shown_count(part), shown_count(whole),
        )  # fmt: skip
    own_part, own = (int(side) for side in count.counted(way))
    joined = (count.part - own_part, count.whole - own) if way == "plus" else (0, 0)
    return Group(
        code, name, count.part, count.whole, percent(own_part, own, places),
        percent(own, of, places) if of else None,
        _plus(own_part, joined[0]), _plus(own, joined[1]),
    )  # fmt: skip


def _plus(led: int, joined: int) -> str:
    return f"{led}(+{joined})" if joined else str(led)
