"""Values people hand in: put right where they can be, refused with a sentence where not."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoissues.core.kind_fields import Field
from ecoissues.core.units import UnitTree
from ecoissues.core.values import Bad, clean_date, clean_number, clean_text, clean_value

TREE = UnitTree([])
OUTCOMES = Field(code="outcomes", zh="处理", en="Outcomes", type="outcomes")


@pytest.mark.parametrize(
    ("given", "count", "amount"),
    [("责令改正", 1, 0), ("责令改正:2", 2, 0), ("罚款:1:7930000", 1, 7_930_000), ("罚款::500", 1, 500)],
)
def test_outcomes_default_to_one_and_nothing(given: str, count: int, amount: int) -> None:
    (outcome,) = clean_value(OUTCOMES, given, TREE)
    assert (outcome["count"], outcome["amount"]) == (count, amount)


@pytest.mark.parametrize("given", ["表扬", "罚款:零", "罚款:0", "罚款:1:-5"])
def test_outcomes_that_cannot_be(given: str) -> None:
    with pytest.raises(Bad):
        clean_value(OUTCOMES, given, TREE)


@pytest.mark.parametrize(
    "written", ["2026-3-5", "2026.03.05", "2026年3月5日", "２０２６／３／５", " 20260305 "]
)
def test_days_in_every_form(written: str) -> None:
    assert clean_date(written) == date(2026, 3, 5)


@pytest.mark.parametrize("written", ["2026-02-30", "明天", "0001-01-01", "2026-13-01", ""])
def test_days_that_are_none(written: str) -> None:
    with pytest.raises(Bad):
        clean_date(written)


@given(st.text(max_size=300))
def test_no_text_breaks_the_cleaning(raw: str) -> None:
    try:
        cleaned = clean_text(raw)
    except Bad:
        return
    assert clean_text(cleaned) == cleaned
    assert "\x00" not in cleaned


@given(st.text(min_size=1, max_size=80))
def test_a_clean_number_stays_as_it_is(raw: str) -> None:
    try:
        number, _ = clean_number(raw)
    except Bad:
        return
    assert clean_number(number) == (number, False)
