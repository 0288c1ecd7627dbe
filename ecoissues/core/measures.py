"""Quantities and places as people write them: numbers with units, sums of money, persons, points.

Nothing is guessed: what cannot be read is ``Bad`` with the sentence for its field.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation, Overflow
from typing import Any, Final

#: No count and no sum in fen that can be meant is larger.
MOST: Final = 10**15
_TIMES: Final = {"万": 10_000, "亿": 100_000_000}

#: The country's bounds in degrees (基础地理: 73°33′–135°05′ E, 3°51′–53°33′ N), widened to whole ones.
EAST: Final = (73, 136)
NORTH: Final = (3, 54)


class Bad(Exception):
    """One value cannot be taken; the message is the sentence for its field."""


def _plain(raw: object) -> str:
    return unicodedata.normalize("NFKC", str(raw)).strip()


def read_number(raw: object, *, whole: bool = False, unit: str = "") -> int | float:
    """Read a number, with thousands separators and its own unit behind it (120 平方米)."""
    value = _plain(raw)
    if unit:
        value = value.removesuffix(_plain(unit)).rstrip()
    try:
        number = float(value.replace(",", ""))
    except ValueError:
        counted = f"，单位为{unit}" if unit else ""
        raise Bad(f"“{value[:20]}”不是数字{counted}。") from None
    if number != number or abs(number) > MOST:
        raise Bad(f"“{value[:20]}”超出合理范围。")
    if number.is_integer():
        return int(number)
    if whole:
        raise Bad(f"“{value[:20]}”须为整数。")
    return number


def read_people(raw: object) -> int:
    """Read a count of persons: a whole number, not negative (12, 12人)."""
    number = int(read_number(re.sub(r"\s*[人名]$", "", _plain(raw)), whole=True))
    if number < 0:
        raise Bad("人数不能为负。")
    return number


def read_fen(raw: object) -> int:
    """Read a sum in yuan (12.5, 20,000元, 1.5万元) as integer fen."""
    value = _plain(raw).replace(",", "").removeprefix("¥").removesuffix("元").strip()
    times = _TIMES.get(value[-1:], 1)
    try:
        fen = Decimal(value[:-1] if times > 1 else value) * times * 100
    except (InvalidOperation, Overflow):
        raise Bad(f"“{str(raw)[:20]}”不是金额，请以元为单位填写，如 20000 或 1.5万。") from None
    if not fen.is_finite() or not 0 <= fen <= MOST:
        raise Bad(f"“{str(raw)[:20]}”超出合理范围，金额不得为负。")
    if fen != int(fen):
        raise Bad(f"“{str(raw)[:20]}”的金额最小到分。")
    return int(fen)


def yuan_text(fen: int) -> str:
    """Write integer fen as plain yuan, as ``read_fen`` reads it: 20000, 12.50."""
    whole, rest = divmod(fen, 100)
    return f"{whole}.{rest:02d}" if rest else str(whole)


_POINT = re.compile(
    r"(?:东经|经度)?[::]?\s*(-?\d{1,3}(?:\.\d+)?)\s*°?\s*E?\s*[,，、;\s]\s*"
    r"(?:北纬|纬度)?[::]?\s*(-?\d{1,3}(?:\.\d+)?)\s*°?\s*N?(?=$|[\s,;,。)])[\s,;,)]*(.*)",
    re.DOTALL,
)


def read_place(raw: object) -> dict[str, Any]:
    """Read a place: ``106.5516,29.5630 某某路口``; the words alone or the point alone are enough.

    Out: {longitude, latitude (degrees east and north, six decimals), text}, what is missing left out.
    Also takes such a mapping.
    """
    if isinstance(raw, Mapping):
        parts = [_plain(raw[name]) for name in ("longitude", "latitude") if raw.get(name) not in ("", None)]
        text = _plain(raw.get("text") or "")
        if not parts:
            return {"text": text} if text else {}
        if len(parts) == 1:
            raise Bad("经度和纬度须同时填写。")
        raw = f"{parts[0]},{parts[1]} {text}"
    value = _plain(raw)
    match = _POINT.match(value)
    if match is None:
        if re.match(r"-?\d+\.\d+", value):
            raise Bad(f"“{value[:30]}”的坐标不对，请写成 106.5516,29.5630 地点说明。")
        return {"text": value[:200]} if value else {}
    east, north = float(match[1]), float(match[2])
    if _within(north, EAST) and _within(east, NORTH):
        raise Bad("经度和纬度写反了，请先写经度，后写纬度。")
    if not (_within(east, EAST) and _within(north, NORTH)):
        raise Bad(f"坐标 {match[1]},{match[2]} 不在国内，请核对。")
    place: dict[str, Any] = {"longitude": round(east, 6), "latitude": round(north, 6)}
    if match[3].strip():
        place["text"] = match[3].strip()[:200]
    return place


def _within(degrees: float, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= degrees <= bounds[1]


def place_text(place: Mapping[str, Any]) -> str:
    """Write a place as ``read_place`` reads it: ``106.551600,29.563000 某某路口``."""
    point = ""
    if "longitude" in place:
        point = f"{place['longitude']:.6f},{place['latitude']:.6f}"
    return " ".join(filter(None, (point, place.get("text", ""))))
