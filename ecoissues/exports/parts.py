"""The fixed parts of a workbook with one sheet (ISO/IEC 29500-1 and -2), as texts."""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from ecoissues.core.forms import COLUMN_PADDING, Form
from ecoissues.exports.layout import letters

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_A4: Final = 9

CONTENT_TYPES: Final = (
    f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
)
RELATIONS: Final = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>"
)
WORKBOOK_RELATIONS: Final = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
)


def sheet_name(wanted: str) -> str:
    """A name programs accept for a worksheet: without []:*?/\\ and ', at most 31 characters."""
    return re.sub(r"[\[\]:*?/\\'\x00-\x1f]", "", wanted)[:31] or "Sheet1"


def workbook(form: Form, first_header: int, last_header: int, last_row: int) -> str:
    """The part ``xl/workbook.xml``: sheet name, print area, header rows repeated on each page."""
    name = sheet_name(form.sheet)
    area = f"'{name}'!$A$1:${letters(len(form.columns) - 1)}${last_row}"
    titles = f"'{name}'!${first_header}:${last_header}"
    return (
        f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        '<bookViews><workbookView xWindow="0" yWindow="0" windowWidth="24000" '
        'windowHeight="12000"/></bookViews>'
        f'<sheets><sheet name={quoteattr(name)} sheetId="1" r:id="rId1"/></sheets>'
        "<definedNames>"
        f'<definedName name="_xlnm.Print_Area" localSheetId="0">{escape(area)}</definedName>'
        f'<definedName name="_xlnm.Print_Titles" localSheetId="0">{escape(titles)}</definedName>'
        "</definedNames></workbook>"
    )


def sheet_start(form: Form, frozen_rows: int) -> str:
    """The sheet up to its rows: one page wide, header rows frozen, column widths."""
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{c.width + COLUMN_PADDING:.4f}" customWidth="1"/>'
        for place, c in enumerate(form.columns, 1)
    )
    below = f"A{frozen_rows + 1}"
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        '<sheetViews><sheetView showGridLines="0" workbookViewId="0">'
        f'<pane ySplit="{frozen_rows}" topLeftCell="{below}" activePane="bottomLeft" '
        f'state="frozen"/><selection pane="bottomLeft" activeCell="{below}" sqref="{below}"/>'
        '</sheetView></sheetViews><sheetFormatPr defaultRowHeight="20" customHeight="1"/>'
        f"<cols>{columns}</cols><sheetData>"
    )


def sheet_end(form: Form, merged: list[str], last_row: int) -> str:
    """The sheet after its rows: merged cells, paper, footer with page x of y.

    Digits in text cells are meant (numbers of cases), so that programs do not mark them as errors.
    """
    merges = "".join(f'<mergeCell ref="{area}"/>' for area in merged)
    whole = f"A1:{letters(len(form.columns) - 1)}{last_row}"
    return (
        "</sheetData>"
        + (f'<mergeCells count="{len(merged)}">{merges}</mergeCells>' if merged else "")
        + '<printOptions horizontalCentered="1"/>'
        '<pageMargins left="0.3937" right="0.3937" top="0.4724" bottom="0.5906" '
        'header="0.2362" footer="0.2756"/>'
        f'<pageSetup paperSize="{_A4}" fitToWidth="1" fitToHeight="0" '
        f'orientation="{"landscape" if form.landscape else "portrait"}"/>'
        "<headerFooter><oddFooter>&amp;C第 &amp;P 页 共 &amp;N 页</oddFooter></headerFooter>"
        f'<ignoredErrors><ignoredError sqref="{whole}" numberStoredAsText="1"/></ignoredErrors>'
        "</worksheet>"
    )
