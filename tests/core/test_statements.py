"""Printed sums and rates: what comes out is believed, what does not is doubted, never refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoissues.core.errors import Refused
from ecoissues.core.rates import percent
from ecoissues.core.statements import check_statement


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("2864/2913=98.3%", []),
        ("2,864 ÷ 2,913 ＝ 98.3％", []),
        ("（492＋291）／1427=54.9%", []),
        ("6/13=46%", []),
        ("1.5+0.5+25=27", []),
        ("8×2=16", []),
        ("2913-2864=33", ["sum_off"]),
        ("1+10+16+7+3+2+2=42", ["sum_off"]),
        ("10/65=15.8%", ["rate_off"]),
        ("124/374=33.15%", ["rate_truncated"]),
        ("24/23=104.3%", ["over_hundred"]),
        ("24/23=99%", ["over_hundred", "rate_off"]),
        ("3/0=100%", ["zero_whole"]),
    ],
)
def test_what_is_doubted(text: str, codes: list[str]) -> None:
    assert [doubt.code for doubt in check_statement(text)] == codes


@pytest.mark.parametrize(
    "text", ["", "12", "1+=2", "a/b=3%", "1/2=x%", "(1+2=3", "1 2=3", "(" * 1990 + "=1", "1=1e3"]
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="bad_statement"):
        check_statement(text)


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 3))
def test_what_the_program_prints_is_never_doubted(part: int, whole: int, places: int) -> None:
    printed = percent(min(part, whole), whole, places)
    assert check_statement(f"{min(part, whole)}/{whole}={printed}") == []


@given(st.lists(st.integers(0, 10**4), min_size=1, max_size=20), st.integers(-3, 3))
def test_a_sum_is_doubted_exactly_when_it_is_off(parts: list[int], off: int) -> None:
    total = sum(parts) + off
    text = f"{'+'.join(map(str, parts))}={total}" if total >= 0 else "1=2"
    assert bool(check_statement(text)) == (off != 0 or total < 0)
    assert Fraction(sum(parts)) == sum(map(Fraction, parts))
