"""CSV: opens in Chinese programs, runs no formula, gives the text back exactly."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ecoissues.core.forms import Column, Form, unguard_formula
from ecoissues.exports.catalogue import get_form, load_forms
from ecoissues.exports.delimited import header_names, write_csv


def read(form: Form, rows: list[dict[str, Any]]) -> list[list[str]]:
    """Write and read back; the byte order mark is checked on the way."""
    out = io.BytesIO()
    written = write_csv(form, rows, out)
    assert written.rows == len(rows)
    assert out.getvalue().startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"), newline="")))


def test_words_numbers_and_header() -> None:
    form = get_form("complaint_table")
    lines = read(form, [{"number": "-1", "types": ["water", "air"], "verdict": "mostly"}])
    assert lines[0] == [column.header for column in form.columns]
    assert lines[1][:5] == ["1", "'-1", "", "", "水、大气"]
    assert lines[1][6] == "基本属实"


def test_headers_that_would_be_alike_carry_their_group() -> None:
    for form in load_forms().values():
        names = header_names(form)
        assert len(set(names)) == len(names)


def test_negative_number_and_date_stay_plain() -> None:
    columns = (Column("n", "数", 9, type="integer"), Column("on", "日", 12, type="date"))
    form = Form("sample", 1, "样", "s", "样", "样", columns)
    assert read(form, [{"n": -5, "on": date(2024, 6, 5)}])[1] == ["-5", "2024-06-05"]


LETTERS = st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("=+-@'\t\n")


@given(st.text(alphabet=LETTERS))
def test_text_comes_back(text: str) -> None:
    form = Form("sample", 1, "样", "s", "样", "样", (Column("a", "甲", 9), Column("b", "乙", 9)))
    expected = text.replace("\ufffe", "").replace("\uffff", "")
    assert unguard_formula(read(form, [{"a": text, "b": "止"}])[1][0]) == expected
