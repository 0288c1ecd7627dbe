"""Scoring and ranking as the office defines it: weights, bands, signed points, honest places.

No formula is published (``管控力指数``), so none is shipped: weights and bands are entered. A score
is the weighted mean of the criteria's rates (0 to 100) plus the signed points; it is rounded half
up to two places, and equal printed scores share a place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from itertools import pairwise
from typing import Final

import msgspec

from ecoissues.core.errors import Refused

_CENT: Final = Decimal("0.01")
_TENTH: Final = Decimal("0.1")
#: 95 % of a normal distribution lies within.
_Z: Final = Decimal("1.959964")
_MOST: Final = 20
#: Nothing smaller than 10 to this power is meant; exact arithmetic would need as many figures.
_MOST_PLACES: Final = -10


class Criterion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rate that counts. ``list``: code of the list; ``weight``: a decimal above 0;
    ``alternatives``: other definitions of the same thing, for the range of places."""

    list: str
    figure: str
    weight: str
    alternatives: tuple[str, ...] = ()


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A band (档): its name and the least score in it."""

    name: str
    least: str


class Scheme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an office has laid down. ``minimum``: units with fewer cases in the first criterion are
    set apart. Bands from the best down; scores below the last have none."""

    code: str
    title: str
    criteria: tuple[Criterion, ...]
    bands: tuple[Band, ...] = ()
    minimum: int = 5


def check_scheme(scheme: Scheme) -> None:
    """Refuse ``bad_scheme`` for weights and bands that cannot be used, saying which."""
    if not scheme.code.strip() or not scheme.title.strip():
        _bad("请填写方案代码和名称。")
    if not 1 <= len(scheme.criteria) <= _MOST:
        _bad(f"评分项须有 1 至 {_MOST} 项。")
    if len({(one.list, one.figure) for one in scheme.criteria}) < len(scheme.criteria):
        _bad("同一清单的同一指标只能列一次。")
    for one in scheme.criteria:
        read_weight(one.weight)
    least = [_decimal(band.least, f"“{band.name}”的最低分") for band in scheme.bands]
    if any(one <= other for one, other in pairwise(least)):
        _bad("各档的最低分须由高到低。")
    if any(not band.name.strip() for band in scheme.bands) or scheme.minimum < 1:
        _bad("请填写档的名称；最少件数须为 1 以上的整数。")


def _bad(reason: str) -> None:
    raise Refused("bad_scheme", f"评分方案有误：{reason}没有保存。")


def _decimal(text: str, name: str) -> Decimal:
    try:
        found = Decimal(str(text).strip())
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > 10_000 or not found.adjusted() > _MOST_PLACES:
        raise Refused("bad_scheme", f"评分方案有误：{name}“{str(text)[:20]}”不是数。没有保存。")
    return found


def read_weight(text: str) -> Fraction:
    """Read a weight: a decimal above 0."""
    found = _decimal(text, "权重")
    if found <= 0:
        raise Refused("bad_scheme", f"评分方案有误：权重“{text}”须大于 0。没有保存。")
    return Fraction(found)


def read_points(text: str) -> int:
    """Read signed points into hundredths; Refused ``bad_points``."""
    try:
        found = Decimal(str(text).strip().replace("＋", "+").replace("－", "-").replace("−", "-"))
    except InvalidOperation:
        found = Decimal("NaN")
    # Size first: what is too large cannot be brought to two places.
    large = not found.is_finite() or abs(found) > 1000
    if large or found == 0 or found != found.quantize(_CENT):
        raise Refused("bad_points", f"“{str(text)[:20]}”不是加减分：请填不为零、最多两位小数的数。没有保存。")
    return int(found * 100)


def score(
    counts: Sequence[tuple[int, int] | None], weights: Sequence[Fraction], aims: Sequence[str],
    hundredths: int = 0,
) -> Decimal | None:  # fmt: skip
    """Give a unit's score, or None when no criterion applies to it.

    In: (part, whole) of each criterion, None or an empty whole where it does not apply: its weight
    then falls to the others. ``aims``: with ``low`` the rest of the rate counts. ``hundredths``:
    the signed points together, times 100.
    """
    total, weight = Fraction(0), Fraction(0)
    for counted, each, aim in zip(counts, weights, aims, strict=True):
        if counted is None or counted[1] <= 0:
            continue
        share = Fraction(*counted)
        total += each * (1 - share if aim == "low" else share)
        weight += each
    if not weight:
        return None
    exact = total / weight * 100 + Fraction(hundredths, 100)
    return rounded(exact, _CENT)


def rounded(value: Fraction, place: Decimal) -> Decimal:
    """Round an exact value half up, away from zero at the half."""
    scaled = value / Fraction(place)
    whole = (abs(scaled) + Fraction(1, 2)).__floor__()
    return (Decimal(whole if scaled >= 0 else -whole) * place).quantize(place)


def places(scores: Mapping[str, Decimal]) -> dict[str, int]:
    """Give each key its place, 1 the best; equal scores share one and the next is left out."""
    ordered = sorted(scores.values(), reverse=True)
    first: dict[Decimal, int] = {}
    for place, value in enumerate(ordered, 1):
        first.setdefault(value, place)
    return {key: first[value] for key, value in scores.items()}


def band_of(value: Decimal, bands: Sequence[Band]) -> str:
    """Give the name of the band a score lies in, empty when it lies in none."""
    return next((band.name for band in bands if value >= Decimal(band.least)), "")


def wilson(part: int, whole: int) -> tuple[str, str] | None:
    """Give the 95 % Wilson interval of a rate in percent, one place; None for an empty whole.

    Source: E. B. Wilson, 1927; for small counts it does not leave 0 to 100 as the plain one does.
    """
    if whole <= 0 or not 0 <= part <= whole:
        return None
    n, p, square = Decimal(whole), Decimal(part) / Decimal(whole), _Z * _Z
    centre = p + square / (2 * n)
    spread = _Z * (p * (1 - p) / n + square / (4 * n * n)).sqrt()
    scale = 1 + square / n
    ends = [(centre - spread) / scale, (centre + spread) / scale]
    low, high = (min(max(end, Decimal(0)), Decimal(1)) * 100 for end in ends)
    return str(low.quantize(_TENTH, ROUND_HALF_UP)), str(high.quantize(_TENTH, ROUND_HALF_UP))
