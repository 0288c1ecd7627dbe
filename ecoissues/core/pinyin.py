"""How a Chinese name is found from the keyboard: its full pinyin and its initials.

A general dictionary reads most names right; place names whose reading it has been seen to miss, or
that are too dear to be left to a new version of it, stand in a table of their own.
"""

from __future__ import annotations

from typing import Final

from pypinyin import lazy_pinyin

#: Place names read otherwise than their characters usually are (重 in 重庆, 长 in 长寿 …).
PLACES: Final[dict[str, tuple[str, ...]]] = {
    "重庆": ("chong", "qing"),
    "涪陵": ("fu", "ling"),
    "大渡口": ("da", "du", "kou"),
    "沙坪坝": ("sha", "ping", "ba"),
    "北碚": ("bei", "bei"),
    "綦江": ("qi", "jiang"),
    "黔江": ("qian", "jiang"),
    "长寿": ("chang", "shou"),
    "合川": ("he", "chuan"),
    "璧山": ("bi", "shan"),
    "潼南": ("tong", "nan"),
    "荣昌": ("rong", "chang"),
    "垫江": ("dian", "jiang"),
    "忠县": ("zhong", "xian"),
    "云阳": ("yun", "yang"),
    "石柱": ("shi", "zhu"),
    "秀山": ("xiu", "shan"),
    "酉阳": ("you", "yang"),
    "单县": ("shan", "xian"),
}
_LONGEST: Final = max(map(len, PLACES))


def syllables(name: str) -> list[str]:
    """Give the syllables of a name without tones, other signs as they are, in small letters."""
    found: list[str] = []
    plain = ""
    place = 0
    while place < len(name):
        known = _place_at(name, place)
        if known:
            found += [*_read(plain), *PLACES[known]]
            plain = ""
            place += len(known)
        else:
            plain += name[place]
            place += 1
    return found + _read(plain)


def _place_at(name: str, start: int) -> str:
    for length in range(_LONGEST, 1, -1):
        if name[start : start + length] in PLACES:
            return name[start : start + length]
    return ""


def _read(plain: str) -> list[str]:
    return [syllable.lower() for syllable in lazy_pinyin(plain)] if plain else []


def search_key(name: str) -> str:
    """Give what a unit is found by: full pinyin and initials, ``nanchuanqu ncq`` for 南川区."""
    parts = [part for part in syllables(name) if part.strip()]
    return f"{''.join(parts)} {''.join(part[0] for part in parts)}" if parts else ""
