"""Word documents in the layout of official documents (GB/T 9704-2012).

A4, margins 37/28/35/26 mm (top, left, bottom, right); red head and line; title in size 2 (22 pt);
body in 仿宋 size 3 (16 pt), 28 pt a line, first line indented by two signs; headings in 黑体 and
楷体; page numbers ``— 1 —`` outside, odd right and even left; imprint at the end. The fonts of
official documents are named; where one is missing the font table names what may stand in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document as new_document
from docx.document import Document as Word
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from ecoissues.exports.native_charts import Chart, add_chart
from ecoissues.exports.official_marks import (
    add_imprint,
    add_page_numbers,
    add_rule,
    set_language,
    set_spacing,
    substitute,
)
from ecoissues.exports.official_title import title_lines

TITLE, BODY, BLACK, KAI, SONG = "方正小标宋简体", "仿宋", "黑体", "楷体", "宋体"
_RED: Final = RGBColor(0xE6, 0x00, 0x12)
#: What may stand in for a font that is not installed (Word takes the first it has).
_INSTEAD: Final = {
    TITLE: "宋体,SimSun,Noto Serif CJK SC",
    BODY: "仿宋_GB2312,FangSong,Noto Serif CJK SC",
    KAI: "楷体_GB2312,KaiTi,Noto Serif CJK SC",
    BLACK: "SimHei,Noto Sans CJK SC",
    SONG: "SimSun,Noto Serif CJK SC",
}
_SIZE_TITLE, _SIZE_BODY, _SIZE_SMALL, _SIZE_TABLE = 22, 16, 14, 12
_TEXT_WIDTH: Final = Mm(156)
#: Signs of the title's size on a line of 156 mm.
_TITLE_SIGNS: Final = 20
#: 28 signs of 16 pt are 448 pt, the line has 442: each is drawn closer by this much (GB/T 9704-2012,
#: 5.2.3, has 28 signs to a line).
_CLOSER: Final = Pt(-0.25)
#: A table of up to so many rows stays on one page, with its caption.
_ONE_PAGE: Final = 12


@dataclass(frozen=True)
class Table:
    """A table: caption, heads, rows of texts. The first column is left, the others right."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Part:
    """A section: heading (一、…), paragraphs, then a table and a chart if there are any."""

    heading: str = ""
    paragraphs: Sequence[str] = ()
    table: Table | None = None
    chart: Chart | None = None


@dataclass(frozen=True)
class Official:
    """One document. ``head``: the red head; ``number``: 发文字号; ``signer`` and ``day``: at the
    end; ``printed``: who issued it and when, apart by a tab; ``note``: the line that names the edition; ``copies``: 抄送; ``mark``: above the head, for
    a draft or demonstration data."""

    head: str
    title: str
    number: str = ""
    to: str = ""
    parts: Sequence[Part] = field(default_factory=tuple)
    signer: str = ""
    day: str = ""
    note: str = ""
    copies: str = ""
    printed: str = ""
    mark: str = ""


def write_official(document: Official, out: BinaryIO) -> None:
    """Write a document as .docx to a binary stream; the same document gives the same bytes."""
    word = new_document()
    _prepare(word)
    _red_head(word, document)
    lines = title_lines(document.title, _TITLE_SIGNS)
    for text in lines:
        after = 14 if text is lines[-1] else 0
        _line(word, text, TITLE, _SIZE_TITLE, align="center", spacing=34, after=after, keep=True)
    if document.to:
        _line(word, document.to, BODY, _SIZE_BODY)
    for part in document.parts:
        _part(word, part)
    _closing(word, document)
    substitute(word, _INSTEAD)
    core = word.core_properties
    core.title, core.author, core.comments = document.title, document.signer, document.note
    core.created = core.modified = datetime(2000, 1, 1, tzinfo=UTC)
    written = BytesIO()
    word.save(written)
    _without_time(written, out)


def _without_time(written: BinaryIO, out: BinaryIO) -> None:
    """Copy a .docx, whose parts would else bear the second in which they were written."""
    with ZipFile(written) as parts, ZipFile(out, "w", ZIP_DEFLATED) as copy:
        for part in parts.infolist():
            copy.writestr(ZipInfo(part.filename), parts.read(part), ZIP_DEFLATED)


def _prepare(word: Word) -> None:
    """Paper, margins, the default text and the page numbers."""
    section = word.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(15), Mm(25)
    style: Any = word.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(_SIZE_BODY)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), BODY)
    style.paragraph_format.space_after = Pt(0)
    set_language(word)
    add_page_numbers(word, SONG, _SIZE_SMALL)


def _red_head(word: Word, document: Official) -> None:
    if document.mark:
        _line(word, document.mark, BLACK, _SIZE_BODY, align="left")
    # As large as fits on one line: 156 mm of text, at most 62 pt.
    size = min(62.0, 430 / max(len(document.head), 1))
    before = 0 if document.mark else 42
    head = _line(
        word, document.head, TITLE, size, align="center", spacing=size * 1.25, before=before, after=20
    )
    head.runs[0].font.color.rgb = _RED
    number = _line(word, document.number, BODY, _SIZE_BODY, align="center")
    add_rule(number, "E60012", 18)
    _line(word, "", BODY, _SIZE_BODY)


def _part(word: Word, part: Part) -> None:
    if part.heading:
        _line(word, part.heading, BLACK, _SIZE_BODY, indent=True, keep=True)
    for text in part.paragraphs:
        _line(word, text, KAI if text.startswith("（") else BODY, _SIZE_BODY, indent=True)
    if part.table is not None and part.table.rows:
        _table(word, part.table)
    if part.chart is not None and part.chart.names:
        place = _line(word, "", BODY, _SIZE_BODY, align="center", spacing=0, before=8, after=8)
        add_chart(word, place, part.chart, Mm(150), Mm(78))


def _table(word: Word, table: Table) -> None:
    _line(word, table.caption, BLACK, _SIZE_SMALL, align="center", before=8, after=4, keep=True)
    made = word.add_table(rows=1, cols=len(table.heads))
    made.style = word.styles["Table Grid"]
    made.alignment = WD_TABLE_ALIGNMENT.CENTER
    _cells(made.rows[0], table.heads, BLACK, heads=True)
    repeat = OxmlElement("w:tblHeader")
    made.rows[0]._tr.get_or_add_trPr().append(repeat)
    for texts in table.rows:
        _cells(made.add_row(), texts, BODY)
    if len(table.rows) <= _ONE_PAGE:
        for row in made.rows[:-1]:
            for cell in row.cells:
                cell.paragraphs[0].paragraph_format.keep_with_next = True
    _line(word, "", BODY, _SIZE_TABLE, spacing=14)


def _cells(row: Any, texts: Sequence[str], font: str, *, heads: bool = False) -> None:
    keep = OxmlElement("w:cantSplit")
    row._tr.get_or_add_trPr().append(keep)
    for place, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
        paragraph = cell.paragraphs[0]
        centre = heads or place > 0
        _format(paragraph, align="center" if centre else "left", spacing=20)
        _run(paragraph, text, font, _SIZE_TABLE)


def _closing(word: Word, document: Official) -> None:
    """Signature and day at the right, the edition's line, then the imprint between its rules.

    A signature never stands on a page without text: the last paragraph goes with it.
    """
    word.paragraphs[-1].paragraph_format.keep_with_next = True
    _line(word, "", BODY, _SIZE_BODY, keep=True)
    for text in (document.signer, document.day):
        if text:
            made = _line(word, text, BODY, _SIZE_BODY, align="right", keep=True)
            made.paragraph_format.right_indent = Pt(_SIZE_BODY * 4)
    if document.note:
        _line(word, document.note, BODY, _SIZE_TABLE, before=14, after=20, spacing=20)
    copies = f"抄送：{document.copies}" if document.copies else ""
    _imprint(word, [text for text in (copies, document.printed) if text])


def _imprint(word: Word, texts: Sequence[str]) -> None:
    """Copies, and who printed it when (left and right, apart by a tab), one sign from the edges."""
    if not texts:
        return
    made = add_imprint(word, len(texts), _TEXT_WIDTH)
    for row, text in zip(made.rows, texts, strict=True):
        paragraph = row.cells[0].paragraphs[0]
        _format(paragraph, align="left", spacing=28)
        shape = paragraph.paragraph_format
        shape.left_indent = shape.right_indent = Pt(_SIZE_SMALL)
        if text.startswith("抄送："):  # further lines begin under the first name
            shape.left_indent, shape.first_line_indent = Pt(_SIZE_SMALL * 4), Pt(-_SIZE_SMALL * 3)
        shape.tab_stops.add_tab_stop(Pt(_TEXT_WIDTH.pt - _SIZE_SMALL), WD_TAB_ALIGNMENT.RIGHT)
        _run(paragraph, text, BODY, _SIZE_SMALL)
    _line(word, "", BODY, 1, spacing=1)  # a document ends with a paragraph, never with a table


_ALIGN: Final = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
}


def _line(
    word: Word, text: str, font: str, size: float, *, align: str = "left", spacing: float = 28,
    before: float = 0, after: float = 0, indent: bool = False, keep: bool = False,
) -> Paragraph:  # fmt: skip
    """Add a paragraph. ``spacing``: points a line, 0 as high as its content."""
    paragraph = word.add_paragraph()
    _format(paragraph, align=align, spacing=spacing, before=before, after=after)
    if indent:
        paragraph.paragraph_format.first_line_indent = Pt(_SIZE_BODY * 2)
    paragraph.paragraph_format.keep_with_next = keep
    if text:
        _run(paragraph, text, font, size)
    return paragraph


def _format(
    paragraph: Paragraph, *, align: str, spacing: float, before: float = 0, after: float = 0
) -> None:
    paragraph.alignment = _ALIGN[align]
    shape = paragraph.paragraph_format
    shape.space_before, shape.space_after = Pt(before), Pt(after)
    if spacing:
        shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(spacing)


def _run(paragraph: Paragraph, text: str, font: str, size: float) -> None:
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    # Latin signs stand in the same face, as the standard has it for numbers in the body.
    run.font.name = "Times New Roman" if font in (BODY, KAI) else font
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if size == _SIZE_BODY:
        set_spacing(run, _CLOSER)
