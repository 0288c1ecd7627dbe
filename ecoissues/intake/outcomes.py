"""Outcomes that the text of a row mentions. Suggestions for a person to confirm, never facts."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

_COUNT = r"(?P<count>\d+|[一二两三四五六七八九十]{1,3})"
_MONEY = r"(\d[\d,]*(?:\.\d+)?)(万|亿)?元"
#: Only what stands beside a word of fining counts: 总投资额1%罚款共79300元 is 79300 yuan.
_FINES = re.compile(
    rf"(?:罚款|罚金|处罚|处以|处)(?:人民币|金额|合计|共计|共|总计|约|为|以)*{_MONEY}"
    rf"|{_MONEY}(?:的)?(?:罚款|罚金)"
)
_DAMAGES = re.compile(rf"(?:损害)?赔偿(?:金|款|费)?(?:人民币|共|约|合计|金额)*{_MONEY}")
_COUNTED = (
    ("talk", re.compile(rf"约谈[^。;\d]{{0,30}}?{_COUNT}(?:人|名|家|次)")),
    ("accountability", re.compile(rf"(?:问责|诫勉|党纪|处分)[^。;\d]{{0,20}}?{_COUNT}(?:人|名)")),
    ("detention", re.compile(rf"拘留[^。;\d]{{0,10}}?{_COUNT}(?:人|名)")),
    (
        "case_filed",
        re.compile(rf"立案(?:查处|处罚|侦查|调查)?[^。;\d]{{0,10}}?{_COUNT}(?:家|件|起|宗|个)"),
    ),
)
_NAMED = (
    ("talk", re.compile("约谈")),
    ("case_filed", re.compile("(?<!不予)立案")),
    ("detention", re.compile("拘留")),
    ("handed_to_police", re.compile("移[送交][^。;]{0,8}公安")),
    ("handed_to_prosecutor", re.compile("移[送交][^。;]{0,8}检察")),
    (
        "ordered_to_correct",
        re.compile("责令(?:[^。;]{0,12})(?:改正|整改|停产|整治|完善|限期|拆除|清理)"),
    ),
    ("no_penalty", re.compile("免予处罚|不予(?:行政)?处罚|免于处罚")),
)
_NUMERALS = dict(zip("一二两三四五六七八九", (1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_SCALES = {"": 1, "万": 10_000, "亿": 100_000_000}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An outcome found in a text: ``sort`` of the vocabulary, count of persons or cases, fen."""

    sort: str
    count: int | None = None
    fen: int | None = None
    text: str = ""


def _whole(text: str) -> int:
    if text.isdigit():
        return int(text)
    tens, mark, ones = text.rpartition("十")
    if not mark:
        return _NUMERALS.get(text[-1], 0)
    return _NUMERALS.get(tens, 1) * 10 + _NUMERALS.get(ones, 0)


def fen_of(amount: str, scale: str) -> int:
    """Give an amount of yuan in fen: (``79300``, blank) → 7930000, (``1``, ``万``) → 1000000."""
    return int(Decimal(amount.replace(",", "")) * _SCALES[scale or ""] * 100)


def suggest_outcomes(*texts: str) -> tuple[Suggestion, ...]:
    """Find outcomes in the accountability and handling texts of a row.

    Out: one suggestion per counted mention and per fine (money as integer fen), one without a
    count for a sort that is only mentioned. ``无`` and blanks give none.
    """
    text = unicodedata.normalize("NFKC", "。".join(texts))
    found: list[Suggestion] = []
    for sort, pattern in _COUNTED:
        for match in pattern.finditer(text):
            found.append(Suggestion(sort, count=_whole(match["count"]), text=match[0]))
    for match in _FINES.finditer(text):
        amount, scale = match.groups()[:2] if match[1] else match.groups()[2:]
        found.append(Suggestion("fined", fen=fen_of(amount, scale), text=match[0]))
    for match in _DAMAGES.finditer(text):
        fen = fen_of(match[1], match[2])
        found.append(Suggestion("damages", fen=fen, text=match[0]))
    counted = {suggestion.sort for suggestion in found}
    for sort, pattern in _NAMED:
        if sort not in counted and (mention := pattern.search(text)):
            found.append(Suggestion(sort, text=mention[0]))
    return tuple(found)
