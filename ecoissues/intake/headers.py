"""Header names to field codes, from the document ``headers.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ecoissues.intake.text import squeeze, trim_edges, without_brackets

#: A guess needs a known name of this many characters that makes up this share of the header.
_GUESS_CHARS = 3
_GUESS_SHARE = 0.55


@dataclass(frozen=True, slots=True)
class Names:
    """Known names: comparable form → field code, plus the beginnings of rows that are no cases."""

    fields: dict[str, str]
    shown: dict[str, str]
    totals: tuple[str, ...]
    footers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A header recognised as a field; ``exact`` is False for a guess by a similar name."""

    field: str
    exact: bool


@cache
def names() -> Names:
    """Load the document once; a name that stands under two fields is a mistake in it."""
    text = files("ecoissues.intake").joinpath("headers.toml").read_text(encoding="utf-8")
    document = tomllib.loads(text)
    fields: dict[str, str] = {}
    for code, known in document["fields"].items():
        for name in known:
            other = fields.setdefault(squeeze(name), code)
            if other != code:
                raise ValueError(f"headers.toml: {name} stands under {other} and {code}")
    rows = document["rows"]
    shown = {code: known[0] for code, known in document["fields"].items()}
    return Names(fields, shown, tuple(rows["totals"]), tuple(map(squeeze, rows["footers"])))


def field_codes() -> tuple[str, ...]:
    """Give all field codes in the document's order, for the mapping form of the preview page."""
    return tuple(names().shown)


def field_name(code: str) -> str:
    """Give a field's usual Chinese name; an unknown code is shown as it is."""
    return names().shown.get(code, code)


@cache
def find_exact(header: str) -> str | None:
    """Find the field that a header names exactly, apart from blanks, marks and brackets."""
    known = names().fields
    plain = squeeze(header)
    bare = without_brackets(plain)
    for form in (plain, trim_edges(plain), bare, trim_edges(bare)):
        if form and form in known:
            return known[form]
    pieces = [known.get(trim_edges(piece)) for piece in bare.replace("、", "/").split("/")]
    return pieces[0] if pieces[0] and None not in pieces and "/" in bare else None


@cache
def find_match(header: str) -> Match | None:
    """Find the field of a header, by its name or else by the longest known name within it."""
    exact = find_exact(header)
    if exact is not None:
        return Match(exact, True)
    plain = trim_edges(without_brackets(squeeze(header)))
    best = ""
    for name in names().fields:
        if len(best) < len(name) <= len(plain) and name in plain:
            best = name
    if len(best) >= _GUESS_CHARS and len(best) >= _GUESS_SHARE * len(plain):
        return Match(names().fields[best], False)
    return None


class Finder:
    """Finds fields by header: those of the list's own kind first, then the ones every list has.

    In: own names (as the kind's document writes them) -> field code.
    """

    def __init__(self, own: Mapping[str, str] | None = None) -> None:
        self._own: dict[str, str] = {}
        for name, code in (own or {}).items():
            plain = squeeze(name)
            for form in (plain, without_brackets(plain)):
                self._own.setdefault(form, code)

    def exact(self, header: str) -> str | None:
        """Find the field that a header names exactly (``find_exact``)."""
        return self._find_own(header) or find_exact(header)

    def match(self, header: str) -> Match | None:
        """Find the field of a header (``find_match``)."""
        own = self._find_own(header)
        return Match(own, True) if own else find_match(header)

    def _find_own(self, header: str) -> str | None:
        if not self._own:
            return None
        plain = squeeze(header)
        bare = without_brackets(plain)
        forms = (plain, trim_edges(plain), bare, trim_edges(bare))
        return next((self._own[form] for form in forms if form in self._own), None)
