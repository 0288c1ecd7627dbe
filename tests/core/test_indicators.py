"""Indicators: distance from the target, standing against the schedule, months and units added up."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from ecoissues.core.errors import Refused
from ecoissues.core.indicators import (
    Indicator,
    check_indicator,
    distance,
    expected,
    read_value,
    roll_up,
    shown,
    standing,
    to_date,
)


def indicator(**more: Any) -> Indicator:
    return Indicator("X", "名", "件", "30", **more)


@pytest.mark.parametrize(
    ("value", "target", "words"),
    [
        (61, "30", "高于目标 103.3%"),
        (30, "30", "等于目标"),
        (29, "30", "低于目标 3.3%"),
        (0, "30", "低于目标 100.0%"),
        (5, "0", "高于目标 5件"),
        (Fraction(1, 3), "0", "高于目标 0.33件"),
    ],
)
def test_distance_from_the_target(value: Any, target: str, words: str) -> None:
    assert distance(Fraction(value), Decimal(target), "件") == words


@pytest.mark.parametrize(
    ("more", "value", "month", "found"),
    [
        ({}, 30, 3, "achieved"),
        ({}, 29, 3, "behind"),
        ({"schedule": "linear"}, 8, 3, "ahead"),
        ({"schedule": "linear"}, Fraction(15, 2), 3, "on_schedule"),
        ({"schedule": "linear"}, 7, 3, "behind"),
        ({"schedule": "linear"}, 30, 3, "achieved"),
        ({"direction": "low"}, 30, 3, "achieved"),
        ({"direction": "low"}, 31, 3, "behind"),
        ({"direction": "low", "monthly": "sum", "schedule": "linear"}, 7, 3, "ahead"),
        ({"direction": "low", "monthly": "sum", "schedule": "linear"}, 8, 3, "behind"),
        ({"direction": "low", "monthly": "sum", "schedule": "linear"}, 30, 12, "achieved"),
        ({"direction": "low", "monthly": "sum"}, 10, 3, "ahead"),
    ],
)
def test_standing(more: dict[str, Any], value: Any, month: int, found: str) -> None:
    assert standing(indicator(**more), Fraction(value), Decimal(30), month) == found
    assert standing(indicator(**more), None, Decimal(30), month) == "unknown"
    assert standing(indicator(**more), Fraction(value), None, month) == "unknown"


def test_months_and_units_are_put_together() -> None:
    months = {1: Decimal(3), 3: Decimal("4.5")}
    assert to_date(indicator(), months, 2) == 3
    assert to_date(indicator(monthly="sum"), months, 3) == Fraction(15, 2)
    assert to_date(indicator(), {}, 3) is None
    values = [Fraction(1), Fraction(2), Fraction(6)]
    for rollup, found in (("sum", 9), ("mean", 3), ("max", 6), ("min", 1), ("none", None)):
        assert roll_up(indicator(rollup=rollup), values) == found
    assert expected(indicator(schedule="linear"), Decimal(30), 3) == Fraction(15, 2)
    assert shown(Fraction(2, 3)) == "0.67"
    assert shown(Fraction(90)) == "90"


@pytest.mark.parametrize("text", ["", "许多", "nan", "1e40", "1" * 30])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="bad_value"):
        read_value(text)


def test_numbers_as_people_write_them() -> None:
    assert [read_value(text) for text in ("1,234.50", "93.5%", "-2", "0.0")] == [
        Decimal("1234.5"), Decimal("93.5"), Decimal(-2), Decimal(0)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "one",
    [
        indicator(list="c3"),
        indicator(list="c3", figure="closure_rate", monthly="sum"),
        indicator(targets={"a": "x"}),
        Indicator("", "", "", ""),
    ],
)
def test_an_indicator_that_cannot_be_reckoned_is_refused(one: Indicator) -> None:
    with pytest.raises(Refused):
        check_indicator(one)
