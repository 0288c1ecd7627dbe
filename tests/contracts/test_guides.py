"""``docs/guide``: what a guide calls a button, a queue or a heading is what the page calls it."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from ecoissues.core.vocabulary import ROLES
from tests.contracts import house

FOLDER = house.ROOT / "docs" / "guide"
GUIDES = sorted(FOLDER.glob("*.md"))
#: Where the words of the pages stand: templates, kinds, the menu, the desk, what is waited for.
PLACES = (
    *("templates/**/*.html", "ecoissues/kinds/*.toml", "ecoissues/web/*.py"),
    *("ecoissues/services/*.py", "ecoissues/core/vocabulary.py"),
)
QUOTED = re.compile(r"“(?:\*\*)?(.+?)(?:\*\*)?”")
FILLED_IN = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")


def plain(text: str) -> str:
    """Text without blanks and in half-width signs, for guides are set in full-width ones."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def words_of_the_pages() -> str:
    """All that a page may say, what is filled in while it is made being an ellipsis."""
    texts = [path.read_text("utf-8") for place in PLACES for path in sorted(house.ROOT.glob(place))]
    return plain(FILLED_IN.sub("…", "\n".join(texts)))


def unknown_names(guide: str, pages: str) -> list[str]:
    """Names in Chinese quotes that no page has."""
    return [name for name in QUOTED.findall(guide) if plain(name) not in pages]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide_uses_the_names_of_the_pages(guide: Path) -> None:
    assert unknown_names(guide.read_text("utf-8"), words_of_the_pages()) == []


def test_each_role_has_its_guide() -> None:
    assert {guide.stem for guide in GUIDES} == set(ROLES)


def test_a_name_that_no_page_has_is_found() -> None:
    assert unknown_names("点“**马上办结**”或“签收”。", "签收") == ["马上办结"]
