"""Who is named first and last in a bulletin: ties are ties, and nobody stands at both ends."""

from __future__ import annotations

from ecoissues.core.rates import percent
from ecoissues.figures.editions import FrozenFigure, FrozenGroup
from ecoissues.services.bulletin_numbers import leaders


def figure(*counts: tuple[int, int], aim: str = "high") -> FrozenFigure:
    groups = tuple(
        FrozenGroup(f"5001{at:02d}", f"区{at}", at, part, whole, percent(part, whole), str(part), str(whole))
        for at, (part, whole) in enumerate(counts, 1)
    )
    return FrozenFigure("closure_rate", 1, "办结率", "", aim, (), (), 0, 0, None, groups)


def test_all_that_share_the_last_place_named_are_named() -> None:
    found = leaders(figure((9, 9), (7, 7), (5, 5), (6, 6), (8, 8), (1, 5), (2, 5), (3, 5)))
    assert found["居前"] == "区1（100%，9/9）、区5（100%，8/8）、区2（100%，7/7）、区4（100%，6/6）、区3（100%，5/5）"
    assert found["居后"] == "区6（20.0%，1/5）、区7（40.0%，2/5）、区8（60.0%，3/5）"


def test_many_that_share_a_place_are_counted() -> None:
    found = leaders(figure(*[(5, 5)] * 12, (0, 5)))
    assert found["居前"] == "区1（100%，5/5）、区2（100%，5/5）、区3（100%，5/5）等12个（含并列）"
    assert found["居后"] == "区13（0%，0/5）"


def test_where_all_are_alike_none_is_last() -> None:
    assert leaders(figure((5, 5), (6, 6)))["居后"] == "（并列，不分先后）"


def test_too_few_cases_name_nobody() -> None:
    assert leaders(figure((4, 4), (3, 4))) == {"居前": "（单位不足，不列）", "居后": "（单位不足，不列）"}


def test_the_last_of_a_figure_that_should_be_low_are_the_high_ones() -> None:
    found = leaders(figure((0, 5), (5, 5), (1, 5), (4, 5), aim="low"))
    assert (found["居前"][:2], found["居后"][:2]) == ("区1", "区2")
