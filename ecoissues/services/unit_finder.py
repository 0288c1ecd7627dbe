"""Finding units as people type them: code, Chinese name, pinyin, first letters."""

from __future__ import annotations

import unicodedata

from ecoissues.core.units import Unit, UnitTree


def find_unit(tree: UnitTree, shown: str) -> Unit | None:
    """Give the unit whose code, name or short name is ``shown``, or None."""
    unit = tree.by_code.get(shown)
    if unit is None:
        unit = next((u for u in tree.by_code.values() if shown in (u.name, u.short)), None)
    return unit


def search_units(tree: UnitTree, typed: str, scope_path: str = "", most: int = 20) -> list[Unit]:
    """Give the units that fit what was typed, the best first.

    In: any part of the Chinese name, the beginning of its pinyin or of its first letters, or a
    code; ``scope_path`` keeps to one subtree. Blanks and full-width letters do not matter.
    """
    wanted = "".join(unicodedata.normalize("NFKC", typed).lower().split())
    ranked = []
    for place, unit in enumerate(tree.by_id.values()):
        if unit.path.startswith(scope_path):
            rank = _rank(unit, wanted)
            if rank is not None:
                ranked.append((rank, len(unit.path), place, unit))
    ranked.sort(key=lambda entry: entry[:3])
    return [entry[3] for entry in ranked[:most]]


def _rank(unit: Unit, wanted: str) -> int | None:
    if not wanted:
        return 5
    names = (unit.short.lower(), unit.name.lower())
    words = unit.pinyin.split()
    if wanted in (*names, unit.code.lower()) or wanted in words[1:]:
        return 0
    if any(name.startswith(wanted) for name in names):
        return 1
    if any(word.startswith(wanted) for word in words):
        return 2
    if any(wanted in name for name in names) or unit.code.lower().startswith(wanted):
        return 3
    if any(word.endswith(wanted) or wanted in word for word in words):
        return 4
    return None


def full_name(tree: UnitTree, unit: Unit) -> str:
    """Give a unit's name with the district it stands in, where the name does not say so."""
    top = tree.by_id.get(unit.top_id)
    if top is None or top.id == unit.id or unit.name.startswith((top.name, top.short)):
        return unit.name
    return f"{top.short} {unit.name}"
