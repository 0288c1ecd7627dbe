"""The paper itself: what is written twice is the same to the byte."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

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
