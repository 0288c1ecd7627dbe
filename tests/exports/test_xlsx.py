"""Official sheets read back by two independent readers, and the laws of their layout."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from ecoissues.core.errors import Refused
from ecoissues.core.forms import Column, Form
from ecoissues.exports import xlsx
from ecoissues.exports.catalogue import get_form, load_forms
from ecoissues.exports.sheet import Heading
from ecoissues.exports.xlsx import write_xlsx

HEADING = Heading(
    list_title="某市督察",
    batch="第22批",
    unit="某督察办",
    as_of=date(2024, 6, 30),
    filled_on=date(2024, 7, 1),
    number="表01",
    lines=("演示数据，非真实",),
)
NASTY = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "<&>\"'", "𠮷", "_x0041_", " 前后空格 ", "甲\n乙"]


def sample(*columns: Column) -> Form:
    """A form with the given columns."""
    return Form("sample", 1, "样表", "Sample", "{list}样表", "样表", columns)


def write(form: Form, rows: list[dict[str, Any]], **more: Any) -> tuple[bytes, Any]:
    """Write into memory; gives the file and what the writer told."""
    out = io.BytesIO()
    written = write_xlsx(
        form, more.pop("heading", Heading()), rows, more.pop("foot", []), out, **more
    )
    return out.getvalue(), written


def with_openpyxl(content: bytes) -> Any:
    """The first sheet as openpyxl sees it."""
    return openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]


def with_calamine(content: bytes) -> list[list[Any]]:
    """All rows as calamine sees them."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return book.get_sheet_by_index(0).to_python()


def value_for(column: Column, index: int) -> Any:
    """A plausible value of a column's type."""
    kinds: dict[str, Any] = {
        "integer": index,
        "date": date(2024, 1, 1 + index),
        "percent": "98.3",
        "amount": 7_930_000 + index,
    }
    return kinds.get(column.type, f"{column.header}{index}")


@pytest.mark.parametrize("code", sorted(load_forms()))
def test_every_form_reads_back_equal(code: str) -> None:
    form = get_form(code)
    rows = [{c.key: value_for(c, i) for c in form.columns} for i in range(1, 6)]
    content, written = write(form, rows, heading=HEADING, foot=["脚注"], totals=[{}])
    assert written.rows == 5
    assert written.notes == ()
    # Columns from values: percent points are stored as parts of one.
    first = 4 + form.grouped
    wanted = [[0.983 if c.type == "percent" else row[c.key] for c in form.columns] for row in rows]
    assert with_calamine(content)[first : first + 5] == wanted
    sheet = with_openpyxl(content)
    read = [[cell.value for cell in line] for line in sheet.iter_rows(first + 1, first + 5)]
    assert [[v.date() if isinstance(v, datetime) else v for v in line] for line in read] == wanted
    assert sheet.cell(first + 6, 1).value == form.total
    foot = [sheet.cell(first + 7 + i, 1).value for i in range(1 + len(form.notes))]
    assert foot == ["脚注", *form.notes]


@pytest.mark.parametrize("code", sorted(load_forms()))
def test_page_law_of_every_form(code: str) -> None:
    form = get_form(code)
    content, _ = write(form, [{}] * 3, heading=HEADING)
    sheet = with_openpyxl(content)
    top = 4
    assert sheet.page_setup.orientation == "landscape"
    assert int(sheet.page_setup.paperSize) == 9
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == f"${top}:${top + form.grouped}"
    assert sheet.freeze_panes == f"A{top + 1 + form.grouped}"
    assert "&P" in sheet.oddFooter.center.text
    assert "&N" in sheet.oddFooter.center.text
    merged = {str(area) for area in sheet.merged_cells.ranges}
    last = openpyxl.utils.get_column_letter(len(form.columns))
    assert f"A1:{last}1" in merged
    for area in sheet.merged_cells.ranges:
        assert area.size != {"columns": 1, "rows": 1}
    assert sheet["A1"].value.startswith("某市督察")
    texts = [str(cell.value or "") for cell in sheet[3]]
    assert "填报单位：某督察办" in texts
    assert "截至日期：2024年6月30日" in texts
    assert "表号：表01  填报日期：2024年7月1日" in texts
    for cell in sheet[top + 1 + form.grouped]:
        assert cell.border.left.style == cell.border.bottom.style == "thin"
        assert cell.alignment.wrap_text


def test_grouped_header_is_merged_both_ways() -> None:
    form = get_form("dispatch_table")
    content, _ = write(form, [])
    merged = {str(area) for area in with_openpyxl(content).merged_cells.ranges}
    assert {"A2:A3", "B2:C2", "K2:N2"} <= merged


@pytest.mark.parametrize("text", NASTY)
def test_hostile_text_stays_text(text: str) -> None:
    form = sample(Column("a", "甲", 20), Column("b", "乙", 20))
    content, _ = write(form, [{"a": text, "b": "x"}])
    cell = with_openpyxl(content)["A3"]
    assert cell.data_type != "f"
    xml = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in xml
    assert "hyperlink" not in xml
    assert with_calamine(content)[2][0] == text
    if "_x" not in text:  # openpyxl does not decode the format's own _xHHHH_ in inline cells
        assert cell.value == text
    if text[0] in "=+-@\t":
        assert cell.quotePrefix


def test_numbers_of_cases_stay_text() -> None:
    form = sample(Column("number", "受理编号", 24), Column("n", "数", 24, type="integer"))
    content, _ = write(form, [{"number": "2017043052", "n": 110101199003071234}])
    line = with_calamine(content)[2]
    assert line == ["2017043052", "110101199003071234"]
    assert with_openpyxl(content)["A3"].number_format == "@"


def test_control_characters_go_and_are_told() -> None:
    content, written = write(sample(Column("a", "甲", 20)), [{"a": "甲\x0b乙\x00\ud800丙"}])
    assert with_calamine(content)[2][0] == "甲乙丙"
    assert written.notes == ("第 1 行“甲”含 3 个不可见控制字符，已去除。",)


@pytest.mark.parametrize("text", ["长" * 40_000, "𠮷" * 20_000])
def test_text_beyond_the_cell_is_cut_visibly(text: str) -> None:
    content, written = write(sample(Column("a", "甲", 20)), [{"a": "短"}, {"a": text}])
    read = str(with_calamine(content)[3][0])
    assert len(read.encode("utf-16-le")) // 2 <= 32_767
    assert read.endswith(f"〔原文共{len(text)}字，超过单元格上限，此处截断〕")
    assert any("第 2 行“甲”" in note and "截断" in note for note in written.notes)
    assert any("打印时显示不全" in note for note in written.notes)


def test_text_at_the_limit_is_whole() -> None:
    text = "x" * 32_767
    content, _ = write(sample(Column("a", "甲", 20)), [{"a": text}])
    assert with_calamine(content)[2][0] == text


def test_tall_text_is_set_smaller_not_cut() -> None:
    form = sample(Column("a", "甲", 30), Column("b", "乙", 30))
    content, written = write(form, [{"a": "核实情况" * 175, "b": "短"}])
    sheet = with_openpyxl(content)
    assert written.notes == ()
    assert sheet.row_dimensions[3].height <= 409
    assert 6 <= sheet["A3"].font.sz < 10
    assert sheet["B3"].font.sz == 10


def test_types_words_and_blanks() -> None:
    form = sample(
        Column("n", "序号", 6, type="integer", serial=True),
        Column("types", "类型", 20, words="types", several=True),
        Column("rate", "率", 12, type="percent"),
        Column("fen", "罚款（元）", 20, type="amount"),
        Column("on", "日期", 12, type="date"),
    )
    rows: list[dict[str, Any]] = [
        {"types": ["water", "尾矿"], "rate": "98.30", "fen": 105, "on": date(2024, 2, 29)},
        {"types": None, "rate": None, "fen": None, "on": "2025年12月底"},
        {"rate": "100", "on": date(1899, 1, 1)},
    ]
    content, _ = write(form, rows)
    assert with_calamine(content)[2:] == [
        [1, "水、尾矿", 0.983, 1.05, date(2024, 2, 29)],
        [2, "", "—", "", "2025年12月底"],
        [3, "", 1, "", "1899-01-01"],
    ]
    sheet = with_openpyxl(content)
    assert (sheet["C3"].number_format, sheet["C5"].number_format) == ("0.00%", "0%")


def test_instant_in_a_date_column_is_an_error() -> None:
    form = sample(Column("on", "日期", 12, type="date"))
    with pytest.raises(TypeError, match="not an instant"):
        write(form, [{"on": datetime(2024, 1, 1, tzinfo=UTC)}])


def test_number_wider_than_its_column_never_prints_as_hashes() -> None:
    form = sample(Column("n", "数", 5, type="integer"))
    content, _ = write(form, [{"n": 1234567}])
    assert with_calamine(content)[2] == ["1234567"]


def test_same_content_same_bytes_and_digest(tmp_path: Path) -> None:
    form = get_form("complaint_table")
    first, told = write(form, [{"number": "X1"}])
    out = tmp_path / "a.xlsx"
    again = write_xlsx(form, Heading(), [{"number": "X1"}], [], out)
    assert first == out.read_bytes()
    assert told == again
    assert [file.name for file in tmp_path.iterdir()] == ["a.xlsx"]


def test_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "a.xlsx"
    out.write_bytes(b"old")
    monkeypatch.setattr(xlsx, "MOST_ROWS", 10)
    with pytest.raises(Refused) as refused:
        write_xlsx(sample(Column("a", "甲", 9)), Heading(), [{}] * 20, [], out)
    assert refused.value.code == "too_many_rows"
    assert out.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_any_text_survives(texts: list[str]) -> None:
    content, _ = write(
        sample(Column("a", "甲", 20), Column("b", "乙", 9)),
        [{"a": text, "b": "止"} for text in texts],
    )
    forbidden = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
    plain = [forbidden.sub("", t.replace("\r\n", "\n").replace("\r", "\n")) for t in texts]
    assert [line[0] for line in with_calamine(content)[2:]] == plain
