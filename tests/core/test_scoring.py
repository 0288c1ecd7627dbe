"""Scores, places, bands and intervals: exact arithmetic, shared ties, nothing outside 0 to 100."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoissues.core.errors import Refused
from ecoissues.core.indicators import read_value
from ecoissues.core.measures import Bad, read_fen
from ecoissues.core.periods import period_of, read_period
from ecoissues.core.scoring import (
    Band,
    Criterion,
    Scheme,
    band_of,
    check_scheme,
    places,
    read_points,
    read_weight,
    rounded,
    score,
    wilson,
)

ONE = Criterion("c3", "closure_rate", "40")
scores = st.dictionaries(st.text(min_size=1, max_size=3), st.decimals(0, 100, places=2), max_size=9)


def test_a_score_is_the_weighted_mean_and_the_signed_points() -> None:
    weights, aims = [Fraction(40), Fraction(60)], ["high", "low"]
    assert score([(1, 2), (1, 4)], weights, aims) == Decimal("65.00")
    assert score([(1, 2), (1, 4)], weights, aims, -150) == Decimal("63.50")
    assert score([(1, 3), None], weights, aims) == Decimal("33.33")
    assert score([(0, 0), None], weights, aims) is None


def test_places_share_ties_and_leave_the_next_out() -> None:
    found = places({"a": Decimal(9), "b": Decimal(9), "c": Decimal(8), "d": Decimal(10)})
    assert found == {"d": 1, "a": 2, "b": 2, "c": 4}


@given(scores)
def test_a_place_is_one_more_than_how_many_are_better(found: dict[str, Decimal]) -> None:
    for key, place in places(found).items():
        assert place == 1 + sum(1 for other in found.values() if other > found[key])


@given(st.integers(1, 3000), st.integers(0, 3000))
def test_an_interval_holds_its_rate(whole: int, part: int) -> None:
    part = min(part, whole)
    low, high = (Decimal(end) for end in wilson(part, whole) or ("", ""))
    rate = Decimal(part) * 100 / whole
    assert 0 <= low <= high <= 100
    assert low - Decimal("0.05") <= rate <= high + Decimal("0.05")


@pytest.mark.parametrize(
    ("part", "whole", "interval"),
    [(8, 10, ("49.0", "94.3")), (0, 10, ("0.0", "27.8")), (10, 10, ("72.2", "100.0")), (1, 0, None)],
)
def test_intervals_of_the_textbook(part: int, whole: int, interval: object) -> None:
    assert wilson(part, whole) == interval


def test_bands_go_down() -> None:
    bands = (Band("A", "90"), Band("B", "75"))
    assert [band_of(Decimal(value), bands) for value in (95, 90, 80, 10)] == ["A", "A", "B", ""]


@pytest.mark.parametrize(
    "scheme",
    [
        Scheme("x", "名", ()),
        Scheme("x", "", (ONE,)),
        Scheme("x", "名", (ONE, ONE)),
        Scheme("x", "名", (Criterion("c3", "closure_rate", "0"),)),
        Scheme("x", "名", (Criterion("c3", "closure_rate", "many"),)),
        Scheme("x", "名", (ONE,), (Band("A", "75"), Band("B", "90"))),
        Scheme("x", "名", (ONE,), (), 0),
    ],
)
def test_a_scheme_that_cannot_be_used_is_refused(scheme: Scheme) -> None:
    with pytest.raises(Refused, match="bad_scheme"):
        check_scheme(scheme)


@pytest.mark.parametrize(("text", "hundredths"), [("+2", 200), ("-1.5", -150), ("－0.25", -25)])
def test_points_have_a_sign(text: str, hundredths: int) -> None:
    assert read_points(text) == hundredths


@pytest.mark.parametrize("text", ["0", "", "1.005", "nan", "many", "1e9"])
def test_other_points_are_refused(text: str) -> None:
    with pytest.raises(Refused, match="bad_points"):
        read_points(text)


def test_halves_round_away_from_zero() -> None:
    assert rounded(Fraction(1, 8), Decimal("0.01")) == Decimal("0.13")
    assert rounded(Fraction(-1, 8), Decimal("0.01")) == Decimal("-0.13")


def test_periods() -> None:
    quarter, month = read_period("2024-q4"), read_period("2024年2月")
    assert (str(quarter.first), str(quarter.last)) == ("2024-10-01", "2024-12-31")
    assert (month.name, str(month.last), month.previous.name) == ("2024-02", "2024-02-29", "2024-01")
    assert read_period("2024-Q1").previous.name == "2023-Q4"
    assert period_of(quarter.first, quarter=True) == quarter
    for wrong in ("2024", "2024-13", "2024-Q5", "x"):
        with pytest.raises(Refused, match="bad_period"):
            read_period(wrong)


@pytest.mark.parametrize("text", ["1e30", "1e999999", "1e-999999", "sNaN"])
def test_a_number_too_large_or_too_small_to_be_meant_is_refused(text: str) -> None:
    """Exact arithmetic broke on some, and needed a million figures for others."""
    for read, code in ((read_points, "bad_points"), (read_weight, "bad_scheme")):
        with pytest.raises(Refused) as refused:
            read(text)
        assert refused.value.code == code
    with pytest.raises(Refused, match="bad_value"):
        read_value(text)
    with pytest.raises(Bad):
        read_fen(text)
