"""Days as people write them on forms."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

_SEPARATED = re.compile(r"(\d{4})\s*[.\-/年]\s*(\d{1,2})\s*[.\-/月]\s*(\d{1,2})\s*[日号]?")
_PACKED = re.compile(r"(\d{4})(\d{2})(\d{2})")
_CLOCK = re.compile(
    r"\s*T?\s*(?:上午|下午|凌晨|晚上?)?\s*"
    r"(?:\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d+)?)?Z?|\d{1,2}[时点](?:\d{1,2}分?)?)?$"
)
_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_CHINESE = re.compile(
    r"([〇零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})日"
)
#: Spreadsheet serials of 1954-10-03 to 2119-01-29; smaller numbers are rather something else.
_SERIALS = range(20_000, 80_000)


def _made(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        made = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return made if 1949 <= made.year <= 2199 else None


def _small(text: str) -> int:
    """Read a Chinese numeral up to 99: 十二 → 12, 三十 → 30."""
    tens, mark, ones = text.rpartition("十")
    if not mark:
        return int(text.translate(_DIGITS))
    return int(tens.translate(_DIGITS) or 1) * 10 + int(ones.translate(_DIGITS) or 0)


def parse_date(text: str | date) -> date | None:
    """Read a whole text as a day; None when it is none.

    Taken: 2026.3.4, 2026年3月5日, 2026/03/05, 2026-3-5, 20260305, the same in full-width letters,
    with a time of day behind, 二〇二六年三月五日, and a spreadsheet's serial number (46085).
    Not taken: days without a year, month ends (2026年12月底): they are texts of a deadline.
    """
    if isinstance(text, date):
        return text
    plain = unicodedata.normalize("NFKC", text).strip(" \n\t。;,.")
    if not plain:
        return None
    if match := _CHINESE.fullmatch(plain.replace(" ", "")):
        try:
            return _made(match[1].translate(_DIGITS), _small(match[2]), _small(match[3]))
        except ValueError:
            return None
    if plain.isascii() and plain.isdigit():
        if len(plain) == 8 and (match := _PACKED.fullmatch(plain)):
            return _made(*match.groups())
        if len(plain) == 5 and int(plain) in _SERIALS:
            return date(1899, 12, 30) + timedelta(days=int(plain))
        return None
    plain = re.sub(r"\s*(?:\(?(?:星期|周)[一二三四五六日天]\)?)$", "", _CLOCK.sub("", plain))
    match = _SEPARATED.fullmatch(plain)
    return _made(*match.groups()) if match else None


def find_date(text: str) -> date | None:
    """Find the first day written with its year inside a longer text (a title); else None."""
    for match in _SEPARATED.finditer(unicodedata.normalize("NFKC", text)):
        made = _made(*match.groups())
        if made is not None:
            return made
    return None


def date_in_number(number: str) -> date | None:
    """Give the day of the call that a central inspection's number carries, else None.

    Numbers of rounds two and three: D or X, round, two letters of the province, day, four digits.
    """
    match = re.fullmatch(r"[DX]\d[A-Z]{2}(\d{4})(\d{2})(\d{2})\d{4}", number)
    return _made(*match.groups()) if match else None
