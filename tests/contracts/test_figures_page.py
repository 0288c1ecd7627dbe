"""``docs/figures.md`` says what the definitions say: a changed definition must change the page."""

from __future__ import annotations

import re
import unicodedata

import pytest

from ecoissues.core.rates import percent
from ecoissues.figures.registry import Definition, packaged_definitions
from tests.contracts import house

PAGE = (house.ROOT / "docs" / "figures.md").read_text("utf-8")
DEFINITIONS = packaged_definitions().by_code
SECTION = re.compile(
    r"^## (?P<title>[^\n]+?) `(?P<code>\w+)`\n(?P<body>.*?)(?=^## |\Z)", re.M | re.S
)
EXAMPLE = re.compile(r"(\d[\d,]*) / (\d[\d,]*) = (\d+(?:\.\d)?%)")


def plain(text: str) -> str:
    """Text without its blanks and in half-width signs, for the page is set in full-width ones."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


def sections(page: str) -> dict[str, tuple[str, str]]:
    """Title and body of each definition's section, by code."""
    return {found["code"]: (found["title"], found["body"]) for found in SECTION.finditer(page)}


def accounts(side: tuple[str, ...]) -> str:
    return " + ".join(f"`{account}`" for account in side)


def missing(definition: Definition, page: str) -> list[str]:
    """What the page does not say of a definition, each as the text that should stand there."""
    title, body = sections(page).get(definition.code, ("", ""))
    counting = definition.counting
    here = [
        f"第 {definition.version} 版。公式：{definition.formula}\n",
        f"- 分子 {accounts(definition.part)}；分母 {accounts(definition.whole)}\n",
        f"- 阶段性办结：{counting.phase_closed}\n",
        f"- 不属实：{counting.unsubstantiated}\n",
        f"- 依据：{definition.source}\n",
    ]
    shared = [counting.unit, counting.merged, counting.void, counting.joint]
    return [
        *([] if plain(title) == plain(definition.wording.zh) else [definition.wording.zh]),
        *(text for text in here if plain(text) not in plain(body)),
        *(text for text in shared if plain(text) not in plain(page)),
    ]


def wrong_examples(text: str) -> list[str]:
    """Examples whose percentage is not what the program prints, as they stand."""
    return [
        found[0]
        for found in EXAMPLE.finditer(text)
        if percent(*(int(found[side].replace(",", "")) for side in (1, 2))) != found[3]
    ]


def test_the_page_has_a_section_for_each_definition_and_no_other() -> None:
    assert set(sections(PAGE)) == set(DEFINITIONS)


@pytest.mark.parametrize("code", sorted(DEFINITIONS))
def test_a_section_says_what_its_definition_says(code: str) -> None:
    assert missing(DEFINITIONS[code], PAGE) == []


@pytest.mark.parametrize("code", sorted(DEFINITIONS))
def test_a_section_has_an_example(code: str) -> None:
    assert EXAMPLE.search(sections(PAGE)[code][1])


def test_each_example_is_what_the_program_prints() -> None:
    assert wrong_examples(PAGE) == []
    assert wrong_examples("2,864 / 2,913 = 98.4%") == ["2,864 / 2,913 = 98.4%"]


def test_a_changed_definition_is_missed_on_the_page() -> None:
    code = sorted(DEFINITIONS)[0]
    assert missing(DEFINITIONS[code], PAGE.replace("第 1 版。公式", "第 2 版。公式"))
    assert missing(DEFINITIONS[code], PAGE.replace(f"`{code}`", "`another`"))
