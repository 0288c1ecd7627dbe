"""The import template: must fields, comments, drop-downs, an example that is marked."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from ecoissues.core.forms import EXAMPLE_MARK
from ecoissues.exports.catalogue import get_form, load_forms
from ecoissues.exports.template import write_template

DISTRICTS = [f"某某第{n}区" for n in range(41)]


def template(code: str) -> Any:
    """The template as openpyxl reads it."""
    out = io.BytesIO()
    write_template(get_form(code), {"region": DISTRICTS}, out)
    return openpyxl.load_workbook(io.BytesIO(out.getvalue()))


@pytest.mark.parametrize("code", sorted(load_forms()))
def test_header_marks_must_fields_and_explains_all(code: str) -> None:
    form = get_form(code)
    sheet = template(code).worksheets[0]
    row = 4 if form.grouped else 3
    for place, column in enumerate(form.columns, 1):
        lone = form.grouped and not column.group
        cell = sheet.cell(row - 1 if lone else row, place)
        assert cell.value == ("*" if column.required else "") + column.header
        assert cell.comment is not None
        assert cell.comment.text.startswith("必填" if column.required else "选填")
    assert sheet.cell(row + 1, 1).value == EXAMPLE_MARK
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.print_title_rows == f"$3:${row}"


def test_drop_downs_reach_all_allowed_values() -> None:
    form = get_form("complaint_table")
    book = template(form.code)
    rules = {
        str(r.sqref).split(":")[0]: r for r in book.worksheets[0].data_validations.dataValidation
    }
    assert set(rules) == {"D5", "E5", "G5", "J5"}
    name, area = rules["D5"].formula1.split("!")
    assert [line[0].value for line in book[name][area.replace("$", "")]] == DISTRICTS
    assert rules["D5"].errorStyle in (None, "stop")
    assert rules["E5"].errorStyle == "information"
    name, area = rules["J5"].formula1.split("!")
    assert [line[0].value for line in book[name][area.replace("$", "")]] == [
        "未办结",
        "阶段性办结",
        "已办结",
        "不计入",
    ]


def test_same_content_same_bytes() -> None:
    first, again = io.BytesIO(), io.BytesIO()
    for out in (first, again):
        write_template(get_form("issue_ledger"), {}, out)
    assert first.getvalue() == again.getvalue()
