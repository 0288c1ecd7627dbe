"""Small workbooks and forms written for the tests of intake."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import xlsxwriter

Build = Callable[..., bytes]


@pytest.fixture
def workbook() -> Build:
    """Give a function that writes rows into an xlsx: ``workbook(rows, merges=[...])``."""

    def build(rows: Sequence[Sequence[Any]], merges: Sequence[tuple[int, ...]] = ()) -> bytes:
        target = io.BytesIO()
        book = xlsxwriter.Workbook(target, {"strings_to_formulas": False, "in_memory": True})
        page = book.add_worksheet("清单")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for line, row in enumerate(rows):
            for column, value in enumerate(row):
                if hasattr(value, "isoformat"):
                    page.write_datetime(line, column, value, day)
                elif isinstance(value, str):
                    page.write_string(line, column, value)
                elif value is not None:
                    page.write_number(line, column, value)
        for top, left, bottom, right in merges:
            page.merge_range(top, left, bottom, right, rows[top][left])
        book.close()
        return target.getvalue()

    return build


@pytest.fixture
def raw_book() -> Build:
    """Give a function that packs hand-written sheet XML into an xlsx, however hostile."""

    def build(sheet: str | bytes, shared: str = "", **parts: str) -> bytes:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr(
                "xl/workbook.xml",
                '<workbook xmlns:r="r"><sheets><sheet name="S" r:id="r1"/></sheets></workbook>',
            )
            archive.writestr(
                "xl/_rels/workbook.xml.rels",
                '<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/>'
                "</Relationships>",
            )
            if shared:
                archive.writestr("xl/sharedStrings.xml", shared)
            for name, text in parts.items():
                archive.writestr(f"xl/{name}.xml", text)
            archive.writestr("xl/worksheets/sheet1.xml", sheet)
        return target.getvalue()

    return build
