"""Form documents: strict decoding, titles, and the guard against formulas in CSV."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoissues.core.errors import Refused
from ecoissues.core.forms import decode_form, fill_title, guard_formula, unguard_formula

BASE = """
code = "sample"
version = 1
zh = "样表"
en = "Sample"
title = "{list}样表[（{batch}）]"
sheet = "样表"

[wordlists.own]
yes = "是"

[[columns]]
key = "number"
header = "编号"
width = 10

[[columns]]
key = "verdict"
header = "是否属实"
width = 10
words = "verdicts"
"""


def column(**values: str) -> str:
    """One more column as TOML."""
    lines = {"key": '"more"', "header": '"更多"', "width": "10", **values}
    return "\n[[columns]]\n" + "\n".join(f"{key} = {value}" for key, value in lines.items())


def test_decodes_and_translates() -> None:
    form = decode_form(BASE + column(words='"own"'), "sample.toml")
    assert [c.key for c in form.columns] == ["number", "verdict", "more"]
    assert form.words_of(form.columns[1])["partly"] == "部分属实"
    assert form.words_of(form.columns[2]) == {"yes": "是"}
    assert form.words_of(form.columns[0]) == {}
    assert not form.grouped


def test_header_groups_join_neighbours_only() -> None:
    text = BASE + column(key='"a"', group='"单位"') + column(key='"b"', group='"单位"') + column()
    form = decode_form(text, "sample.toml")
    assert form.grouped
    assert list(form.header_groups()) == [("", 0, 0), ("", 1, 1), ("单位", 2, 3), ("", 4, 4)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("code = ", "toml"),
        (BASE.replace("version = 1", "version = 1\ncolour = 'red'"), "shape"),
        (BASE + column(colour='"red"'), "shape"),
        (BASE + column(type='"money"'), "shape"),
        (BASE.replace('code = "sample"', 'code = "Sample-1"'), "code"),
        (BASE + column(key='"number"'), "duplicate_key"),
        (BASE + column(words='"colours"'), "unknown_words"),
        (
            BASE + column(key='"a"', group='"单位"') + column() + column(key='"b"', group='"单位"'),
            "split_group",
        ),
        (BASE.replace("{batch}", "{number}"), "placeholder"),
        (BASE + column(width="2"), "too_wide"),
        (BASE + column(width="90") + column(key='"b"', width="90"), "too_wide"),
    ],
)
def test_refuses_with_file_and_reason(text: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        decode_form(text, "broken.toml")
    assert refused.value.code == "bad_form"
    assert refused.value.facts == {"file": "broken.toml", "reason": reason}
    assert "broken.toml" in refused.value.sentence


def test_title_leaves_out_optional_part_without_value() -> None:
    form = decode_form(BASE, "sample.toml")
    assert fill_title(form, {"list": "甲", "batch": "第22批"}) == "甲样表（第22批）"
    assert fill_title(form, {"list": "甲", "batch": ""}) == "甲样表"
    assert fill_title(form, {}) == "样表"


def test_title_puts_values_in_as_they_are() -> None:
    form = decode_form(BASE, "sample.toml")
    assert fill_title(form, {"list": "{batch}[x]", "batch": "第1批"}) == "{batch}[x]样表（第1批）"


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", " =1", "\uff1d1", "\uff201"]


@pytest.mark.parametrize("text", FORMULAS)
def test_formula_starts_are_guarded(text: str) -> None:
    assert guard_formula(text) == "'" + text


@pytest.mark.parametrize("text", ["", "甲=1", "'甲", "1-2", "''"])
def test_other_texts_are_not_touched(text: str) -> None:
    assert guard_formula(text) == text


@given(st.text(alphabet="\uff1d'=+-@\t\r\n 甲a=", max_size=8) | st.text(max_size=30))
def test_guard_is_undone_exactly(text: str) -> None:
    guarded = guard_formula(text)
    assert unguard_formula(guarded) == text
    assert guarded[:1] not in set("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
