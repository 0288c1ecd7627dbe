"""Percentages as they are printed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoissues.core.rates import apportioned, percent


@pytest.mark.parametrize(
    ("part", "whole", "printed"),
    [
        (2864, 2913, "98.3%"),  # the issue list of one district at the end of 2024
        (783, 1427, "54.9%"),
        (9213, 14066, "65.5%"),
        (21, 23, "91.3%"),
        (8809, 8924, "98.7%"),
        (314, 386, "81.3%"),
        (91, 523, "17.4%"),
        (54, 60, "90.0%"),
        (1, 16, "6.3%"),  # 6.25 goes up; binary floats and half-even would print 6.2
        (1, 2000, "0.1%"),
        (1, 3000, "0.0%"),
        (2999, 3000, "100.0%"),  # not every one
        (214, 214, "100%"),
        (0, 7, "0%"),
        (0, 0, None),
    ],
)
def test_percent_as_printed(part: int, whole: int, printed: str | None) -> None:
    assert percent(part, whole) == printed


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_percent_is_within_half_a_place(part: int, whole: int) -> None:
    printed = percent(part, whole)
    assert printed is not None
    exact = Decimal(part) * 100 / Decimal(whole)
    assert abs(Decimal(printed.rstrip("%")) - exact) <= Decimal("0.0500001")
    assert (printed == "100%") == (part == whole)
    assert (printed == "0%") == (part == 0)


def test_counts_below_zero_are_an_error() -> None:
    with pytest.raises(ValueError, match="below zero"):
        percent(-1, 5)


def test_shares_of_a_notice_that_sum_to_a_hundred() -> None:
    # 嘉兴 2024-08: 92/145 is 63.448 and stands as 63.5, so that the row sums to 100.0.
    printed = ["11.7%", "63.5%", "9.0%", "4.1%", "4.8%", "6.9%"]
    assert apportioned([17, 92, 13, 6, 7, 10]) == printed
    assert apportioned([1, 1, 1], 0) == ["34%", "33%", "33%"]
    assert apportioned([5, 0]) == ["100%", "0%"]
    for wrong in ([], [0, 0], [1, -1]):
        with pytest.raises(ValueError, match="no shares"):
            apportioned(wrong)


@given(st.lists(st.integers(0, 10**5), min_size=1, max_size=30), st.integers(0, 3))
def test_apportioned_shares_sum_to_a_hundred_and_are_near(counts: list[int], places: int) -> None:
    if not any(counts):
        return
    shares = [Decimal(share.removesuffix("%")) for share in apportioned(counts, places)]
    assert sum(shares) == 100
    for count, share in zip(counts, shares, strict=True):
        exact = Decimal(100 * count) / Decimal(sum(counts))
        assert abs(share - exact) < Decimal(1).scaleb(-places)
