"""Indicators of the indicator sheet (生态报表): target, direction, schedule, and how a value stands.

All arithmetic is exact. "61 against a target of 30 is 103.3 % above it": the distance from the
target is told in percent of the target, half up, one place; without a target above zero in plain
numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Final, Literal

import msgspec

from ecoissues.core.errors import Refused
from ecoissues.core.scoring import rounded

Direction = Literal["high", "low"]
Standing = Literal["achieved", "ahead", "on_schedule", "behind", "unknown"]

#: Nothing smaller than 10 to this power is meant; exact arithmetic would need as many figures.
_LEAST: Final = -10

STANDINGS: Final[Mapping[str, str]] = {
    "achieved": "已达目标",
    "ahead": "超过序时进度",
    "on_schedule": "达到序时进度",
    "behind": "未达到序时进度",
    "unknown": "没有数据",
}


class Indicator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One indicator of a year.

    ``measure``: its unit; ``direction``: ``high`` more is better, ``low`` less is; ``monthly``:
    ``level`` (the month's value is the state) or ``sum`` (months add up to the year); ``schedule``:
    ``linear`` (a twelfth a month) or ``flat`` (the target holds all year); ``rollup``: how units
    make the whole, ``sum``, ``mean``, ``max``, ``min`` or ``none`` (entered for the whole itself);
    ``targets``: of single units by code. Bound to a figure: ``list``, ``figure`` and ``take``
    (``rate`` in percent, ``part``, ``rest`` or ``whole``).
    """

    code: str
    name: str
    measure: str
    target: str
    direction: Direction = "high"
    monthly: Literal["level", "sum"] = "level"
    schedule: Literal["linear", "flat"] = "flat"
    rollup: Literal["sum", "mean", "max", "min", "none"] = "none"
    source: str = ""
    owner: str = ""
    list: str = ""
    figure: str = ""
    take: Literal["rate", "part", "rest", "whole"] = "rate"
    targets: dict[str, str] = {}

    def target_of(self, unit: str, *, whole: bool) -> Decimal | None:
        """Give the target of a unit: its own, else that of all; a summed target is not each's."""
        text = self.targets.get(unit) or ("" if self.rollup == "sum" and not whole else self.target)
        return read_value(text) if text else None


def read_value(text: str) -> Decimal:
    """Read a value or target; Refused ``bad_value`` for what is no decimal of 12 signs."""
    cleaned = str(text).strip().replace(",", "").replace("，", "").removesuffix("%").removesuffix("％")
    try:
        found = Decimal(cleaned)
    except InvalidOperation:
        found = Decimal("NaN")
    small = found.is_finite() and found.adjusted() < _LEAST
    if not found.is_finite() or small or len(cleaned) > 20 or abs(found) >= Decimal(10) ** 15:
        raise Refused("bad_value", f"“{str(text)[:20]}”不是数。没有保存。")
    return found.normalize() + 0 if found else Decimal(0)


def shown(value: Decimal | Fraction | None) -> str:
    """Give a value as printed: at most two places, no trailing zeros, a dash for none."""
    if value is None:
        return "—"
    text = f"{rounded(Fraction(value), Decimal('0.01')):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def check_indicator(one: Indicator) -> None:
    """Refuse ``bad_indicator`` for what cannot be reckoned with, saying what."""
    if not one.code.strip() or not one.name.strip() or not one.measure.strip():
        raise Refused("bad_indicator", "请填写指标的代码、名称和计量单位。没有保存。")
    for text in (one.target, *one.targets.values()):
        if text:
            read_value(text)
    if bool(one.list) != bool(one.figure):
        raise Refused("bad_indicator", "绑定统计指标的，清单和指标都要选。没有保存。")
    if one.figure and (one.monthly == "sum" or one.rollup not in ("none",)):
        raise Refused(
            "bad_indicator", "绑定统计指标的按月末情况计、由系统汇总：请选“当月值”和“不汇总”。没有保存。"
        )


def to_date(one: Indicator, months: Mapping[int, Decimal], month: int) -> Fraction | None:
    """Give the value of the year up to a month: the sum, or the newest level; None without any."""
    known = [Fraction(months[number]) for number in sorted(months) if number <= month]
    if not known:
        return None
    return sum(known, Fraction(0)) if one.monthly == "sum" else known[-1]


def roll_up(one: Indicator, values: Iterable[Fraction]) -> Fraction | None:
    """Make the value of the whole of its units' values; None for none or ``rollup`` none."""
    found = list(values)
    if not found or one.rollup == "none":
        return None
    if one.rollup in ("sum", "mean"):
        total = sum(found, Fraction(0))
        return total if one.rollup == "sum" else total / len(found)
    return max(found) if one.rollup == "max" else min(found)


def expected(one: Indicator, target: Decimal | None, month: int) -> Fraction | None:
    """Give what should have been reached by the end of a month."""
    if target is None:
        return None
    return Fraction(target) * month / 12 if one.schedule == "linear" else Fraction(target)


def standing(
    one: Indicator, value: Fraction | None, target: Decimal | None, month: int
) -> Standing:
    """Tell how a value stands at the end of a month.

    More is better: achieved from the target on. Less is better: a level is achieved at or under
    the target; a sum that may still grow is achieved only when the year is over.
    """
    due = expected(one, target, month)
    if value is None or target is None or due is None:
        return "unknown"
    if one.direction == "high":
        if value >= Fraction(target):
            return "achieved"
    else:
        over = one.monthly == "level" and one.schedule == "flat"
        if value <= Fraction(target) and (over or month == 12):
            return "achieved"
    if value == due:
        return "on_schedule"
    return "ahead" if (value > due) == (one.direction == "high") else "behind"


def distance(value: Fraction | None, target: Decimal | None, measure: str = "") -> str:
    """Say in Chinese how far a value lies from its target, in percent of the target."""
    if value is None or target is None:
        return ""
    apart = value - Fraction(target)
    if not apart:
        return "等于目标"
    side = "高于目标" if apart > 0 else "低于目标"
    if target > 0:
        return f"{side} {rounded(abs(apart) / Fraction(target) * 100, Decimal('0.1'))}%"
    return f"{side} {shown(abs(apart))}{measure}"
