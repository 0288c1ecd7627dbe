"""Text with fields: numbers are put in, unknown and broken fields refused, typed numbers found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoissues.core.bulletins import Text, check_fields, decode_template, filled, typed_numbers
from ecoissues.core.errors import Refused
from ecoissues.core.short_codes import ALPHABET, read_code, short_code


def text(body: str) -> Text:
    return Text("", "", body, "", "", ())


@pytest.mark.parametrize(
    ("body", "typed"),
    [
        ("共{总数}件，办结率{办结率}。", []),
        ("2024年6月30日前完成，第3批，两个月内。", []),
        ("共 12 件，占98.3%。", ["12 件", "98.3%"]),
        ("提高2.1个百分点；罚款3起", ["2.1个百分点", "3起"]),
        ("上升百分之十二，3个月后复核", ["百分之十二"]),
    ],
)
def test_typed_numbers_are_found(body: str, typed: list[str]) -> None:
    assert typed_numbers(text(body)) == typed


def test_fields_are_put_in_and_others_refused() -> None:
    values = {"总数": "3421", "办结率.分子": "492"}
    assert filled("共{总数}件，办结{办结率.分子}件{没有}", values) == "共3421件，办结492件{没有}"
    check_fields(text("共{总数}件"), values)
    for body, code in (("{别的}", "unknown_field"), ("{总数", "broken_field"), ("}", "broken_field")):
        with pytest.raises(Refused, match=code):
            check_fields(text(body), values)


@pytest.mark.parametrize(
    "document",
    [
        "code = 1",
        'code="a"\nzh="a"\nperiod="year"\nhead=""\ntitle=""',
        'code="a"\nzh="a"\nperiod="day"\nhead=""\ntitle=""\n[[sections]]\ntable="secret"',
        'code="a"\nzh="a"\nperiod="day"\nhead=""\ntitle=""\nother=1',
        "not toml",
    ],
)
def test_a_template_that_is_not_sound_is_refused(document: str) -> None:
    with pytest.raises(Refused, match="bad_template"):
        decode_template(document, "x.toml")


@given(st.binary(min_size=32, max_size=32))
def test_a_code_is_read_back_however_it_was_typed(digest: bytes) -> None:
    code = short_code(digest.hex())
    assert len(code) == 9
    assert set(code) <= {*ALPHABET, "-"}
    assert read_code(f" {code.lower().replace('-', '')} ") == code == read_code(code)
