"""The last day that words such as 2025年三季度 allow: time limits as published plans write them."""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from datetime import date
from typing import Final

from ecoissues.core.calendars import FIRST_YEAR, LAST_YEAR

_YEARLY: Final = re.compile("每[年月季]|[次翌]年")
_RANGE_IN_YEAR: Final = re.compile(r"\d{1,2}(?:月|季度)?[-–—~至到](?=第?\d{1,2}(?:月|季度))")
_NUMERIC: Final = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-./])(\d{1,2})(?:\2(\d{1,2})|月)?(?![\d年万亿元吨亩])"
)
_PROMISE: Final = re.compile(
    r"(?:(?P<year>(?<!\d)\d{4})年度?)?"
    r"(?:(?P<half>[上下])半年|第?(?P<quarter>[1-4])季度"
    r"|(?<!\d)(?P<month>\d{1,2})月(?:份|(?P<day>\d{1,2})[日号]|(?P<third>[上中下])旬)?)?"
    r"(?P<end>年?[底末])?(?P<edge>起|开始|启动|以来|以?后|[之以]?前)?"
)
#: What may follow a year that stands alone; before other words (汛期, 春节) it is no year's end.
_YEAR_ENDS: Final = re.compile(r"$|[,;。、()\-–—~至到和及]|内|完成")
_NUMERALS: Final = "〇一二三四五六七八九"


def month_end(text: str) -> date | None:
    """Give the last day that a time limit in words allows, or None when it names none.

    In: a cell such as 2025年12月底, 2025年底, 2025年12月, 2025年第三季度, 2025年上半年, 2025-12-31,
    2023-2025年, 二〇二五年六月底前; of several dates the last one counts. None for 立行立改,
    长期坚持, for dates that do not exist, and for 2024年5月前 or 2025年汛期前, which do not say
    their day: a person decides.
    Source: the columns 整改时限 and 办结目标 of published plans of work.
    """
    plain = _plain(text)
    if _YEARLY.search(plain):
        return None
    found: list[date] = []
    year: int | None = None
    for match in _PROMISE.finditer(plain):
        part = match["half"] or match["quarter"] or match["month"]
        if match["year"]:
            year = int(match["year"])
        elif not part or year is None:
            continue
        before = (match["edge"] or "").endswith("前")
        if match["edge"] and not before:
            continue  # a beginning, not a limit
        if before and not (match["end"] or match["day"]):
            return None
        if not (part or match["end"] or _YEAR_ENDS.match(plain, match.end())):
            continue
        day = _last_day(year, match)
        if day is None:
            return None
        found.append(day)
    return max(found, default=None)


def _plain(text: str) -> str:
    """One spelling: half-width, no spaces, Arabic digits, 年月日, ranges cut to their end."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace("○", "〇")
    plain = re.sub("[〇零一二三四五六七八九]{4}(?=年)", _digits, plain)
    plain = re.sub(
        "(?:[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])(?=[月日号]|季度)", _number, plain
    )
    plain = _NUMERIC.sub(_spelled_out, plain)
    return _RANGE_IN_YEAR.sub("", plain)


def _digits(match: re.Match[str]) -> str:
    return "".join(str(_NUMERALS.index(sign)) for sign in match[0].replace("零", "〇"))


def _number(match: re.Match[str]) -> str:
    tens, ten, ones = match[0].rpartition("十")
    return str(_NUMERALS.index(ones or "〇") + _NUMERALS.index(tens or "一") * 10 * len(ten))


def _spelled_out(match: re.Match[str]) -> str:
    return f"{match[1]}年{match[3]}月" + (f"{match[4]}日" if match[4] else "")


def _last_day(year: int | None, match: re.Match[str]) -> date | None:
    if year is None or not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    month = 12
    if match["half"]:
        month = 6 if match["half"] == "上" else 12
    elif match["quarter"]:
        month = int(match["quarter"]) * 3
    elif match["month"]:
        month = int(match["month"])
    if not 1 <= month <= 12:
        return None
    last = monthrange(year, month)[1]
    day = int(match["day"] or {"上": 10, "中": 20}.get(match["third"], last))
    return date(year, month, day) if 1 <= day <= last else None
