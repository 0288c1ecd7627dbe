"""Reading files: values as they stand, hostile files refused, the child's death survived."""

from __future__ import annotations

import io
import math
import resource
import subprocess
import time
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import python_calamine
import xlsxwriter
import xlwt  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecoissues.core.errors import Refused
from ecoissues.intake import sheet as sheet_module
from ecoissues.intake.limits import MEBI, PASTED, Limits
from ecoissues.intake.sheet import RawSheet, read_sheet

Build = Callable[..., bytes]


def refusal(data: bytes | Path, limits: Limits | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        read_sheet(data, "试.xlsx", limits)
    return caught.value


FORESEEN = ("", "sheet_unreadable", "sheet_dangerous", "sheet_empty")


def code_of(data: bytes) -> str:
    try:
        read_sheet(data)
    except Refused as error:
        return error.code
    return ""


def cells(xml: str) -> str:
    return f"<worksheet><sheetData>{xml}</sheetData></worksheet>"


# --- values ---------------------------------------------------------------------------------


def test_xlsx_values(workbook: Build) -> None:
    rows = [["受理编号", "天数"], ["D3CQ1", 12], ["𠮷野家", 0.5], [date(2024, 6, 3), 2.0], ["=1+1"]]
    read = read_sheet(workbook(rows), "a.xlsx")
    assert read.rows == [
        ["受理编号", "天数"],
        ["D3CQ1", "12"],
        ["𠮷野家", "0.5"],
        [date(2024, 6, 3), "2"],
        ["=1+1"],
    ]
    assert (read.sheet, read.sheets, read.remarks) == ("清单", ["清单"], [])


def test_blank_lines_keep_line_numbers_and_tails_are_dropped(workbook: Build) -> None:
    read = read_sheet(workbook([["a", "", " "], [], ["", "b"], ["", " "], []]))
    assert read.rows == [["a"], [], ["", "b"]]
    assert read.cell(3, 1) == "b"
    assert read.cell(9, 9) == ""


def test_long_numbers_typed_as_numbers_are_flagged(workbook: Build) -> None:
    read = read_sheet(workbook([["编号"], [110101199003071234]]))
    assert [(r.line, r.column, r.code) for r in read.remarks] == [(2, 0, "digits_lost")]
    assert "A2" in read.remarks[0].sentence
    assert str(read.rows[1][0]).startswith("110101199003071")


def test_formulas_give_their_value_and_say_when_there_is_none() -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    page = book.add_worksheet()
    page.write_formula(0, 0, "=1+1", None, 2)
    page.write_formula(0, 1, '="a"&"b"', None, "ab")
    page.write_formula(1, 0, "=1/0", None, "#DIV/0!")
    book.close()
    read = read_sheet(target.getvalue())
    assert read.rows == [["2", "ab"]]
    assert [r.code for r in read.remarks] == ["cell_error"]
    unsaved = openpyxl.Workbook()
    unsaved.active["A1"] = "x"
    unsaved.active["B1"] = "=1+1"
    target = io.BytesIO()
    unsaved.save(target)
    assert [r.code for r in read_sheet(target.getvalue()).remarks] == ["formula_empty"]


def test_merged_cells_are_filled_within_the_extent(workbook: Build, raw_book: Build) -> None:
    rows = [["题"], ["单位", "件数"], ["甲区", "1"], ["", "2"]]
    read = read_sheet(workbook(rows, merges=[(0, 0, 0, 1), (2, 0, 3, 0)]))
    assert read.rows == [["题", "题"], ["单位", "件数"], ["甲区", "1"], ["甲区", "2"]]
    assert read.filled == 2
    far = (
        '<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>'
        '<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells></worksheet>'
    )
    assert read_sheet(raw_book(far)).rows == [["1"]]


def test_control_characters_are_removed_with_a_remark(raw_book: Build) -> None:
    xml = cells(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a_x0007_b\u200b_x000D_\nc</t></is></c></row>'
    )
    read = read_sheet(raw_book(xml))
    assert read.rows == [["ab\nc"]]
    assert (read.remarks[0].code, read.remarks[0].detail) == ("control_removed", "2")
    fake = cells('<row r="1"><c r="A1" t="inlineStr"><is><t>_x0000_2024-01-01</t></is></c></row>')
    assert read_sheet(raw_book(fake)).rows == [["2024-01-01"]]


def test_hidden_rows_are_read_and_empty_first_sheets_passed_over() -> None:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    book.add_worksheet("空")
    hidden = book.add_worksheet("隐")
    page = book.add_worksheet("数")
    page.write(0, 0, "a")
    page.set_row(0, None, None, {"hidden": True})
    hidden.write(0, 0, "no")
    hidden.hide()
    page.activate()
    book.close()
    read = read_sheet(target.getvalue())
    assert (read.sheet, read.rows, read.hidden_rows) == ("数", [["a"]], 1)
    assert read.sheets == ["空", "隐", "数"]
    assert read_sheet(target.getvalue(), sheet="隐").rows == [["no"]]
    with pytest.raises(Refused, match="sheet_missing"):
        read_sheet(target.getvalue(), sheet="无")


def test_prefixed_tags_phonetic_runs_and_shared_texts(raw_book: Build) -> None:
    sheet = (
        '<x:worksheet xmlns:x="m"><x:sheetData><x:row r="2"><x:c r="B2" t="s"><x:v>0</x:v></x:c>'
        '<x:c t="b"><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )
    shared = "<sst><si><r><t>南</t></r><r><t>川</t></r><rPh><t>nan</t></rPh></si></sst>"
    assert read_sheet(raw_book(sheet, shared)).rows == [[], ["", "南川", "是"]]


def test_xls_values_equal() -> None:
    book = xlwt.Workbook()
    page = book.add_sheet("旧")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    page.write(1, 1, "受理编号")
    page.write(2, 1, 2145)
    page.write(2, 2, date(2017, 9, 7), day)
    page.write_merge(3, 4, 1, 1, "合")
    target = io.BytesIO()
    book.save(target)
    read = read_sheet(target.getvalue(), "旧.xls")
    assert read.rows[1:3] == [["", "受理编号"], ["", "2145", date(2017, 9, 7)]]
    assert read.rows[3] == ["", "合"]
    assert read.sheets == ["旧"]


VALUES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs"]), max_size=12),
    st.integers(-(10**14), 10**14),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(VALUES, min_size=1, max_size=6), min_size=1, max_size=8))
def test_own_reader_equals_calamine(workbook: Build, rows: list[list[str | int | float]]) -> None:
    data = workbook(rows)
    expected = python_calamine.load_workbook(io.BytesIO(data)).get_sheet_by_index(0)
    other = expected.to_python(skip_empty_area=False)
    code = code_of(data)
    assert code in ("", "sheet_empty")
    read = RawSheet("", "", [], []) if code else read_sheet(data)
    for line, row in enumerate(other, 1):
        for column, value in enumerate(row):
            mine = read.cell(line, column)
            assert isinstance(mine, str)
            if isinstance(value, str):
                assert mine == value or (not value.strip() and not mine.strip())
            else:
                assert isinstance(value, int | float)
                assert math.isclose(float(mine), float(value), rel_tol=1e-14)


# --- text -----------------------------------------------------------------------------------

TEXT = '受理编号,内容\nD07062,"堆砂扬尘,\n夜间尤甚"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_every_encoding(encoding: str) -> None:
    read = read_sheet(TEXT.encode(encoding), "a.csv")
    assert read.rows == [["受理编号", "内容"], ["D07062", "堆砂扬尘,\n夜间尤甚"]]


def test_csv_marks_against_formulas_are_undone() -> None:
    read = read_sheet("a;b;c\n'=1+1;=\"0012\";'平\n".encode(), "a.csv")
    assert read.rows[1] == ["=1+1", "0012", "'平"]


def test_pasted_text_with_tabs_and_breaks_is_quick() -> None:
    text = "序号\t受理编号\t内容\r\n" + "".join(
        f'{i}\tD{i:04}\t"第一行\n第二行{i}"\r\n' for i in range(200)
    )
    started = time.monotonic()
    read = read_sheet(text.encode(), "粘贴的内容", PASTED)
    assert time.monotonic() - started < 20  # it ends; how fast is not tested
    assert len(read.rows) == 201
    assert read.rows[200] == ["199", "D0199", "第一行\n第二行199"]


# --- refusals -------------------------------------------------------------------------------


def far(raw_book: Build) -> bytes:
    return raw_book(cells('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'))


def long_cell(raw_book: Build) -> bytes:
    text = "x" * 40_000
    return raw_book(cells(f'<row r="2"><c r="B2" t="inlineStr"><is><t>{text}</t></is></c></row>'))


def endless_cell(raw_book: Build) -> bytes:
    text = "x" * (10 * MEBI)
    return raw_book(cells(f'<row r="2"><c r="B2" t="inlineStr"><is><t>{text}</t></is></c></row>'))


def long_shared(raw_book: Build) -> bytes:
    xml = cells('<row r="7"><c r="C7" t="s"><v>0</v></c></row>')
    return raw_book(xml, f"<sst><si><t>{'字' * 32_768}</t></si></sst>")


def bomb(raw_book: Build) -> bytes:
    return raw_book(cells(" " * (301 * MEBI)))


def ratio_bomb(raw_book: Build) -> bytes:
    return raw_book(cells("<a>" * (5 * MEBI)))


def deep(raw_book: Build) -> bytes:
    return raw_book(cells("<a>" * 400_000))


def laughs(raw_book: Build) -> bytes:
    return raw_book('<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>' + cells("&b;"))


def token(raw_book: Build) -> bytes:
    return raw_book(f'<worksheet a="{"x" * (5 * MEBI)}"/>')


def one_text_repeated(raw_book: Build) -> bytes:
    row = "".join(f'<row r="{i}"><c r="A{i}" t="s"><v>0</v></c></row>' for i in range(1, 9_000))
    return raw_book(cells(row), f"<sst><si><t>{'字' * 30_000}</t></si></sst>")


def many_parts(_: Build) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for index in range(2_500):
            archive.writestr(f"p{index}", "")
    return target.getvalue()


HOSTILE = [
    (far, "sheet_too_large", "XFD1048576"),
    (long_cell, "cell_too_long", "B2"),
    (endless_cell, "cell_too_long", "B2"),
    (long_shared, "cell_too_long", "C7"),
    (bomb, "sheet_dangerous", "炸弹"),
    (ratio_bomb, "sheet_dangerous", "压缩比"),
    (deep, "sheet_dangerous", "标记"),
    (laughs, "sheet_dangerous", "DOCTYPE"),
    (token, "sheet_dangerous", "标记"),
    (one_text_repeated, "sheet_too_large", "字符"),
    (many_parts, "sheet_dangerous", "部件"),
]


@pytest.mark.parametrize(("make", "code", "word"), HOSTILE)
def test_hostile_workbooks(
    raw_book: Build, make: Callable[[Build], bytes], code: str, word: str
) -> None:
    data = make(raw_book)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    error = refusal(data)
    assert (error.code, word in error.sentence) == (code, True), error.sentence
    assert "没有写入任何数据" in error.sentence
    assert time.monotonic() - started < 20  # it ends; how fast is not tested
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


def test_directory_that_lies_about_sizes(raw_book: Build) -> None:
    data = bytearray(raw_book(cells(" " * MEBI)))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    assert refusal(bytes(data)).code == "sheet_unreadable"


def test_damage_byte_by_byte_never_crashes(workbook: Build) -> None:
    data = workbook([["受理编号", "内容"], ["D1", "扬尘"]])
    for at in range(0, len(data), len(data) // 25):
        broken = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        assert code_of(broken) in FORESEEN, at
    for size in (0, 30, 300, len(data) // 2):
        assert refusal(data[:size]).code in ("sheet_unreadable", "sheet_empty")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"\xff\xd8\xff\xe0", "图片"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "网页"),
        (b"\x00\x01\x02" * 50, "不是表格"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "xls"),
        (b"\x81\xff\xff", "编码"),
    ],
)
def test_other_files(data: bytes, word: str) -> None:
    error = refusal(data)
    assert error.code == "sheet_unreadable"
    assert word in error.sentence


def test_far_cell_in_xls_costs_only_the_child() -> None:
    book = xlwt.Workbook()
    page = book.add_sheet("旧")
    page.write(0, 0, "a")
    page.write(65_535, 255, "z")
    target = io.BytesIO()
    book.save(target)
    assert refusal(target.getvalue()).code == "sheet_too_large"


def test_too_many_rows_columns_and_bytes() -> None:
    few = Limits(rows=3, columns=2, file_bytes=1_000)
    assert "A4" in refusal(b"a\nb\nc\nd\n", few).sentence
    assert "C1" in refusal(b"a,b,c\n", few).sentence
    assert read_sheet(b"a,b,,,\n\n\n\n\n", limits=few).rows == [["a", "b"]]
    assert refusal(b"a" * 1_001, few).code == "sheet_too_large"


def test_time_limit_and_missing_file(tmp_path: Path, workbook: Build) -> None:
    rows = [["x" * 20, 1]] * 5_000
    error = refusal(workbook(rows), Limits(wall_seconds=0.01))
    assert error.code == "sheet_too_large"
    assert "时间" in error.sentence
    assert refusal(tmp_path / "无.xlsx").code == "sheet_unreadable"
    path = tmp_path / "有.xlsx"
    path.write_bytes(workbook([["a"]]))
    assert read_sheet(path).name == "有.xlsx"


def test_memory_limit(workbook: Build) -> None:
    rows = [[f"甲{i}-{j}" * 200 for j in range(15)] for i in range(1_000)]
    error = refusal(workbook(rows), Limits(memory_bytes=40 * MEBI, ratio=10_000))
    assert error.code in ("sheet_too_large", "sheet_unreadable")


@pytest.mark.parametrize("shell", ["kill -6 $$", "kill -9 $$", "exit 3", "echo '{\"rows\":[]}'"])
def test_death_of_the_child_is_a_refusal(monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.setattr(sheet_module, "_command", lambda *_: ["/bin/sh", "-c", shell])
    assert refusal(b"a,b\n").code in ("sheet_too_large", "sheet_unreadable")


def test_the_child_gets_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "secret")
    assert "DATABASE_URL" not in sheet_module._environment()
    script = "import ecoissues.intake.child, sys; print([m for m in ('flask','sqlalchemy') if m in sys.modules])"
    done = subprocess.run(
        [sheet_module._command(Limits(), None, "")[0], "-c", script],
        env=sheet_module._environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
