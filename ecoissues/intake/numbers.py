"""Case numbers: text for ever, in one spelling."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from ecoissues.core.vocabulary import NUMBER_FLAG

_YEAR_BRACKETS = re.compile(r"[\[(【〔〈<](\d{4})(?:年)?[\])】〕〉>]")
_SUPERIOR = re.compile(r"\((?:省|市|上级|国家|中央|总)[^\d()]*(\d+)\)")
_TASK = re.compile(r"(?:(?:任务|问题|整改任务)?序号|第)(\d+)(?:项|号|条)?")
_STARS = re.compile("[*＊★∗]")
_POWER = re.compile(r"\d(\.\d+)?E\+\d+")


@dataclass(frozen=True, slots=True)
class CaseNumber:
    """A number as it is kept: ``text`` in one spelling, the ``*`` as a flag.

    ``superior`` is the numbering of the higher level where a cell states both
    (``序号8(市序号9)``). ``damaged`` says that a spreadsheet wrote it as a power of ten.
    """

    text: str
    key: bool = False
    superior: str = ""
    damaged: bool = False


def parse_number(raw: str) -> CaseNumber:
    """Bring a number into its one spelling; nothing is refused, a blank gives a blank.

    Letter width and blanks are folded, letters become capitals, brackets round a year become
    〔〕, ``序号8`` and ``第8项`` become 8, a star becomes the flag for key cases.
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", raw)).strip("'`\"")
    bare = _STARS.sub("", plain).upper()
    bare = re.sub("[‐‑‒–—−]", "-", bare)
    superior = ""
    if match := _SUPERIOR.search(bare):
        superior, bare = match[1], bare.replace(match[0], "")
    bare = _YEAR_BRACKETS.sub(r"〔\1〕", bare)
    if match := _TASK.fullmatch(bare):
        bare = match[1]
    return CaseNumber(bare, NUMBER_FLAG in _STARS.sub("*", plain), superior, _power(bare))


def _power(text: str) -> bool:
    return _POWER.fullmatch(text) is not None


def channel_in_number(number: str) -> str | None:
    """Give the channel that a central inspection's number states: D 来电, X 来信; else None."""
    if re.fullmatch(r"[DX]\d[A-Z]{2}\d{12}", number) is None:
        return None
    return "call" if number[0] == "D" else "letter"
