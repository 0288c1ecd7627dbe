"""Words of closed vocabularies as forms write them, to the keys of the core's vocabulary."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

from ecoissues.intake.text import squeeze, trim_edges, without_brackets

_SEPARATORS = re.compile(r"[、,;/\s&+|]+|(?:和|及|与)")
_VERDICTS = (
    ("不完全属实", "partly"),
    ("部分属实", "partly"),
    ("基本属实", "mostly"),
    ("不属实", "unsubstantiated"),
    ("属实", "substantiated"),
)


@cache
def _list(name: str) -> tuple[dict[str, str], tuple[str, ...]]:
    text = files("ecoissues.intake").joinpath("words.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)[name]
    endings = tuple(table.pop("endings"))
    return {squeeze(word): key for key, words in table.items() for word in words}, endings


@cache
def find_word(name: str, shown: str) -> str | None:
    """Find the key of a word in a list of ``words.toml`` (types, verdicts, finished …); else None.

    Blanks, bracketed remarks, edge marks and the list's usual endings (水污染 → 水) are ignored.
    """
    known, endings = _list(name)
    plain = squeeze(shown)
    for form in (plain, trim_edges(without_brackets(plain))):
        if form in known:
            return known[form]
        for ending in endings:
            if form.endswith(ending) and form[: -len(ending)] in known:
                return known[form[: -len(ending)]]
    return None


@cache
def find_verdict(shown: str) -> str | None:
    """Find the verdict in a cell: the word itself, or inside a short sentence; else None."""
    found = find_word("verdicts", shown)
    if found is None and len(shown) <= 60:
        plain = squeeze(shown)
        found = next((key for word, key in _VERDICTS if word in plain), None)
    return found


@cache
def split_types(shown: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split a cell of pollution types: (keys in the order written, words that are not known).

    An unknown word counts as ``other``; its original is given back for a note.
    """
    keys: dict[str, None] = {}
    unknown: list[str] = []
    whole = find_word("types", shown)
    folded = unicodedata.normalize("NFKC", shown)
    pieces = [shown] if whole else _SEPARATORS.split(re.sub(r"\([^()]*\)", "", folded))
    for piece in pieces:
        if not piece.strip():
            continue
        key = find_word("types", piece)
        if key is None:
            unknown.append(piece.strip())
        keys[key or "other"] = None
    return tuple(keys), tuple(unknown)
