"""The paper itself: the same to the byte whenever it is written; the imprint between rules."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

import pytest
import time_machine
from docx import Document

from ecoissues.exports.native_charts import Chart
from ecoissues.exports.official import Official, Part, Table, write_official


def paper() -> Official:
    table = Table("各区县办理情况", ["区县", "件数"], [["南川", "12"], ["渝北", "7"]])
    chart = Chart("办结率", ["南川", "渝北"], [98.3, 91.0], rate=True)
    return Official("重庆市督察办", "关于办理情况的通报", parts=[Part("总体情况", ["共 19 件。"], table, chart)])


def written(at: datetime) -> bytes:
    out = io.BytesIO()
    with time_machine.travel(at):
        write_official(paper(), out)
    return out.getvalue()


def test_a_paper_is_the_same_whenever_it_is_written() -> None:
    first = written(datetime(2024, 6, 16, 2, 0, 0, tzinfo=UTC))
    assert written(datetime(2026, 11, 22, 8, 30, 1, tzinfo=UTC)) == first
    assert "通报" in "".join(each.text for each in Document(io.BytesIO(first)).paragraphs)


def test_a_word_processor_finds_the_parts_in_their_order() -> None:
    with zipfile.ZipFile(io.BytesIO(written(datetime(2024, 6, 16, tzinfo=UTC)))) as parts:
        assert parts.namelist()[0] == "[Content_Types].xml"
        assert parts.testzip() is None


PAPER = Official(
    "督察工作通报", "关于某事的通报", "〔2026〕第 1 期", "各区县：", [Part("一、总体情况", ["共 3 件。"])],
    "某督察办", "2026年11月22日", "数据版本 ABCD。", "市级部门。", "某督察办\t2026年11月22日印发",
)  # fmt: skip


def made(document: Official) -> bytes:
    out = io.BytesIO()
    write_official(document, out)
    return out.getvalue()


def test_the_imprint_is_a_table_of_its_own_at_the_end() -> None:
    word = Document(io.BytesIO(made(PAPER)))
    (imprint,) = word.tables
    texts = [row.cells[0].text for row in imprint.rows]
    assert texts == ["抄送：市级部门。", "某督察办\t2026年11月22日印发"]
    assert imprint.rows[0].cells[0].width.mm == pytest.approx(156, abs=0.1)
    stops = imprint.rows[1].cells[0].paragraphs[0].paragraph_format.tab_stops
    assert len(stops) == 1
    assert word.paragraphs[-1].text == ""
    assert word.element.body[-2].tag.endswith("}p")  # then only the section


def test_without_copies_and_printer_there_is_no_imprint() -> None:
    draft = Official("督察工作通报", "关于某事的通报", mark="草稿，未发布")
    assert Document(io.BytesIO(made(draft))).tables == []


def test_a_small_table_stays_on_one_page_and_a_long_one_may_break() -> None:
    def kept(rows: int) -> list[bool | None]:
        table = Table("表", ["区县", "件数"], [[f"区{n}", "1"] for n in range(rows)])
        word = Document(io.BytesIO(made(Official("头", "题", parts=[Part("一、", ["文。"], table)]))))
        return [row.cells[0].paragraphs[0].paragraph_format.keep_with_next for row in word.tables[0].rows]

    assert kept(5) == [True] * 5 + [None]
    assert not any(kept(13))


def test_twenty_eight_signs_fit_a_line_and_the_text_is_chinese_by_default() -> None:
    with zipfile.ZipFile(io.BytesIO(made(PAPER))) as parts:
        body, styles = parts.read("word/document.xml").decode(), parts.read("word/styles.xml").decode()
        settings = parts.read("word/settings.xml").decode()
    assert '<w:spacing w:val="-5"/><w:sz w:val="32"/>' in body
    assert 28 * (16 - 5 / 20) <= 156 / 25.4 * 72
    assert 'w:eastAsia="en-US"' not in styles
    assert "ja-JP" not in settings
