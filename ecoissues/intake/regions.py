"""Names of regions and units in a cell, to the codes of the units handed in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from ecoissues.intake.text import squeeze, trim_edges

_SEPARATORS = re.compile(r"[、,;/\s|]+")
_LABEL = re.compile(r"^[^:]{2,10}:")
_SUFFIXES = (
    "土家族苗族自治县",
    "苗族土家族自治县",
    "土家族自治县",
    "自治县",
    "新区",
    "区",
    "县",
    "市",
    "州",
)


@dataclass(frozen=True, slots=True)
class Regions:
    """Codes found in the order written, and the pieces that name nothing known."""

    codes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class RegionNames:
    """Names of one site's regions or units, also without their suffix when that is unambiguous."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.known = {squeeze(name): code for name, code in names.items()}
        self.found: dict[str, Regions] = {}
        short: dict[str, set[str]] = {}
        for name, code in self.known.items():
            for suffix in _SUFFIXES:
                if name.endswith(suffix) and len(name) - len(suffix) >= 2:
                    short.setdefault(name[: -len(suffix)], set()).add(code)
                    break
        for name, codes in short.items():
            if len(codes) == 1:
                self.known.setdefault(name, next(iter(codes)))
        self.longest = max(map(len, self.known), default=0)

    def resolve(self, text: str) -> Regions:
        """Find all regions of a cell; the district wins over the city named before it."""
        if text not in self.found:
            if len(self.found) > 20_000:
                self.found.clear()
            self.found[text] = self._resolve(text)
        return self.found[text]

    def _resolve(self, text: str) -> Regions:
        codes: dict[str, None] = {}
        unknown: list[str] = []
        whole = self.known.get(squeeze(text))
        if whole is not None:
            return Regions((whole,))
        for piece in _SEPARATORS.split(unicodedata.normalize("NFKC", text)):
            plain = trim_edges(_LABEL.sub("", squeeze(piece)))
            found = self._segment(plain)
            if plain and not found:
                unknown.append(plain)
            codes.update(dict.fromkeys(found))
        kept = tuple(code for code in codes if not _has_descendant(code, codes))
        if kept:
            # A city above a known district needs no code of its own: 金昌市 永昌县.
            unknown = [each for each in unknown if not each.endswith(("市", "省"))]
        return Regions(kept, tuple(unknown))

    def _segment(self, text: str) -> list[str]:
        """Cut names written without a separator (某市某县), the longest known name first."""
        found: list[str] = []
        at = 0
        while at < len(text):
            for length in range(min(self.longest, len(text) - at), 1, -1):
                code = self.known.get(text[at : at + length])
                if code is not None:
                    found.append(code)
                    at += length
                    break
            else:
                at += 1
        return found


def _stem(code: str) -> str:
    """Give the digits of a GB/T 2260 code that name its own level: 500000 → 50, 620300 → 6203."""
    stem = code
    while len(stem) > 2 and stem.endswith("00"):
        stem = stem[:-2]
    return stem


def _has_descendant(code: str, codes: Mapping[str, None]) -> bool:
    stem = _stem(code)
    return any(other != code and other.startswith(stem) for other in codes)
