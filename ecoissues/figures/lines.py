"""What a figure's lines are: a group, what the groups exceed the figure by, and a sentence on both."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from ecoissues.core.errors import Refused
from ecoissues.core.rates import apportioned, percent

if TYPE_CHECKING:
    from ecoissues.figures.reading import Board
    from ecoissues.figures.registry import Definition


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


def line(board: Board, key: str, label: str, part: int, whole: int, of: int = 0) -> Group:
    """Make a line whose printed counts are its cases. In: ``of``, what its share is a part of."""
    places = board.places
    share = percent(whole, of, places) if of else None
    rate = percent(part, whole, places)
    return Group(key, label, part, whole, rate, share, str(part), str(whole))


def distribution_note(definition: Definition, lines: str, whole: str) -> str:
    """Say of lines that tell how cases are spread that the figure's own part is not in them."""
    return f"各行是{lines}的件数，比率以{whole}为分母，不是各行的“{definition.wording.zh}”。"


def to_a_hundred(grouping: Grouping, places: int) -> Grouping:
    """Print the shares so that they sum to 100 exactly (largest remainder), and say so.

    Refused ``shares_exceed`` where the lines have no shares of one whole: cases counted in several
    lines, or lines that print fractions.
    """
    groups = [group for group in grouping.groups if group.whole]
    # Lines of one whole each count in it as a part (phases, verdicts) or as a whole of their own.
    by_part = all(group.share is None for group in groups)
    counts = [group.part if by_part else group.whole for group in groups]
    plain = all(
        group.shown_whole == str(group.whole) and (by_part or group.share is not None)
        for group in groups
    )
    odd = by_part and any(group.whole != sum(counts) for group in groups)
    if grouping.overlap is not None or not any(counts) or not plain or odd:
        raise Refused(
            "shares_exceed", "各行之和不等于总数（有的事项计在几行里）或没有占比，不能凑足 100%；未计算。"
        )
    shares = dict(zip((group.key for group in groups), apportioned(counts, places), strict=True))
    note = "占比按最大余数法取舍，合计正好 100%；单项可能与四舍五入差一个末位。"
    made = [
        msgspec.structs.replace(group, share=shares.get(group.key)) for group in grouping.groups
    ]
    return Grouping(made, None, grouping.note + note)
