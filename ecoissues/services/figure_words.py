"""Names of figures for pages that do not compute them."""

from __future__ import annotations

from ecoissues.core.indicators import STANDINGS
from ecoissues.core.vocabulary import word
from ecoissues.figures.registry import packaged_definitions


def figure_name(code: str) -> str:
    """Give a figure's Chinese name; an unknown code stays as it is."""
    found = packaged_definitions().find(code)
    return found.wording.zh if found else code


def revision_word(reason: str) -> str:
    """Give the Chinese word for a reason in a bridge."""
    return word("revisions", reason)


def standing_word(standing: str) -> str:
    """Give the Chinese word for how an indicator stands against its target and schedule."""
    return STANDINGS[standing]


def definitions() -> list[dict[str, str | int]]:
    """Give every definition as plain words: code, version, title, formula, source."""
    return [
        {
            "code": found.code, "version": found.version, "title": found.wording.zh,
            "formula": found.formula, "unit": found.counting.unit, "source": found.source,
        }
        for found in packaged_definitions().by_code.values()
    ]  # fmt: skip
