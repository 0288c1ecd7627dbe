"""The empty sheet for import: the form's own header with must fields, comments and drop-downs."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import xlsxwriter
from xlsxwriter.utility import xl_range_abs

from ecoissues.core.forms import COLUMN_PADDING, EXAMPLE_MARK, Column, Form, fill_title
from ecoissues.exports.layout import Block, block_width, header_blocks, height_of, line_count
from ecoissues.exports.parts import sheet_name
from ecoissues.exports.sheet import Written, opened
from ecoissues.exports.styles import BODY_SIZE, FONT

#: Rows prepared for entries (drop-downs, text format).
_PREPARED: Final = 2_000
_RULED: Final = 20
_CHOICES: Final = "可选值"
_REQUIRED: Final = "*"
_KIND_NOTES: Final = {
    "integer": "填整数。",
    "number": "填数字。",
    "date": "填日期，如 2024-06-30。",
    "percent": "填百分数，如 98.3%。",
    "amount": "填金额，单位为元。",
}
_BODY: Final[dict[str, Any]] = {
    "font_name": FONT,
    "font_size": BODY_SIZE,
    "text_wrap": True,
    "valign": "vcenter",
    "border": 1,
}


def write_template(
    form: Form, allowed: Mapping[str, Sequence[str]], out: Path | BinaryIO
) -> Written:
    """Write the workbook people fill in and import.

    In: the form; allowed values by column key (units, regions …; a column with a word list has its
    words without being named); a path or binary stream. The header is the form's; must fields
    carry ``*`` before their name; each heading has a comment; allowed values stand on a second
    sheet and in drop-downs (a column of several values only advises); the row under the header is
    an example, marked ``EXAMPLE_MARK`` in its first cell, which whoever reads the sheet skips.
    Out: 0 rows and the digest of the file.
    """
    draft = io.BytesIO()
    book = xlsxwriter.Workbook(draft, {"in_memory": True})
    book.set_properties({"created": datetime(1980, 1, 1, tzinfo=UTC)})  # same content, same bytes
    sheet = book.add_worksheet(sheet_name(form.sheet))
    first_free = _header(book, sheet, form)
    _example(book, sheet, form, first_free)
    _choices(book, sheet, form, _allowed(form, allowed), first_free + 1)
    _page(sheet, form, first_free)
    book.close()
    with opened(out) as stream:
        stream.write(draft.getvalue())
        return Written(0, stream.sha256())


def _header(book: Any, sheet: Any, form: Form) -> int:
    """Title, filling hint and header; gives the row of the example (from 0)."""
    _banner(book, sheet, form)
    head = book.add_format({**_BODY, "bold": True, "align": "center", "bg_color": "#EDEDED"})
    blocks = header_blocks(form)
    bottom = max(block.last_row for block in blocks)
    heights = [22.0] * (bottom + 1)
    for block in blocks:
        column = form.columns[block.first]
        leaf = block.last_row == bottom
        text = f"{_REQUIRED}{block.text}" if leaf and column.required else block.text
        _merge(
            sheet,
            block._replace(text=text, first_row=block.first_row + 2, last_row=block.last_row + 2),
            head,
        )
        needed = height_of(line_count(text, int(block_width(form, block))))
        rows = block.last_row - block.first_row + 1
        for row in range(block.first_row, block.last_row + 1):
            heights[row] = max(heights[row], needed / rows)
        if leaf:
            sheet.write_comment(
                block.first_row + 2,
                block.first,
                _comment(form, column),
                {"x_scale": 1.6, "author": "", "font_name": FONT, "font_size": 9},
            )
    for row, height in enumerate(heights, 2):
        sheet.set_row(row, height)
    return 3 + bottom


def _banner(book: Any, sheet: Any, form: Form) -> None:
    """Title and filling hint, rows 0 and 1."""
    last = len(form.columns) - 1
    title = book.add_format({**_BODY, "font_size": 18, "bold": True, "align": "center"})
    hint = book.add_format({**_BODY, "align": "left"})
    _merge(sheet, Block(f"{fill_title(form, {})}（导入模板）", 0, 0, 0, last), title)
    text = (
        f"带 {_REQUIRED} 的列必填；鼠标停在表头上可看填写说明；"
        f"首格为“{EXAMPLE_MARK}”的一行导入时自动跳过，可以删除；请勿改动表头。"
    )
    _merge(sheet, Block(text, 1, 1, 0, last), hint)
    sheet.set_row(0, 34)
    sheet.set_row(1, 22)


def _merge(sheet: Any, block: Block, look: Any) -> None:
    if (block.first_row, block.first) == (block.last_row, block.last):
        sheet.write_string(block.first_row, block.first, block.text, look)
        return
    sheet.merge_range(block.first_row, block.first, block.last_row, block.last, "", look)
    sheet.write_string(block.first_row, block.first, block.text, look)


def _comment(form: Form, column: Column) -> str:
    """What stands in the heading's comment: must or may, the form's note, the type, an example."""
    words = list(form.words_of(column).values())
    lines = [
        "必填。" if column.required else "选填。",
        column.note,
        _KIND_NOTES.get(column.type, ""),
    ]
    if column.several:
        lines.append("可填多项，用顿号隔开。" if "顿号" not in column.note else "")
    if words:
        lines.append(f"可填：{'、'.join(dict.fromkeys(words))}。")
    if column.example:
        lines.append(f"例：{column.example}")
    return "\n".join(line for line in lines if line)


def _example(book: Any, sheet: Any, form: Form, row: int) -> None:
    look = book.add_format({**_BODY, "italic": True, "font_color": "#595959", "num_format": "@"})
    lines = 1
    for index, column in enumerate(form.columns):
        text = EXAMPLE_MARK if index == 0 else column.example
        sheet.write_string(row, index, text, look)
        lines = max(lines, line_count(text, int(column.width)))
    sheet.set_row(row, height_of(lines))


def _allowed(form: Form, allowed: Mapping[str, Sequence[str]]) -> dict[int, list[str]]:
    """Allowed values by place of the column: the caller's, else the words of its list."""
    found: dict[int, list[str]] = {}
    for index, column in enumerate(form.columns):
        values = list(dict.fromkeys(allowed.get(column.key) or form.words_of(column).values()))
        if values:
            found[index] = values
    return found


def _choices(
    book: Any, sheet: Any, form: Form, allowed: Mapping[int, Sequence[str]], first_row: int
) -> None:
    """The second sheet with allowed values, and the drop-downs that point to it.

    A list inside a rule may hold 255 characters only, which 41 districts exceed.
    """
    formats = {
        True: book.add_format({**_BODY, "num_format": "@"}),
        False: book.add_format({**_BODY, "num_format": "yyyy-mm-dd"}),
    }
    for index, column in enumerate(form.columns):
        look = formats[column.type != "date"]
        sheet.set_column(index, index, column.width + COLUMN_PADDING, look)
        for row in range(first_row, first_row + _RULED):  # a printed copy shows lines to fill in
            sheet.write_blank(row, index, None, look)
    listing = book.add_worksheet(_CHOICES)
    for place, (index, values) in enumerate(allowed.items()):
        column = form.columns[index]
        listing.set_column(place, place, max(12, column.width))
        listing.write_string(0, place, column.header)
        for row, value in enumerate(values, 1):
            listing.write_string(row, place, value)
        source = f"={_CHOICES}!{xl_range_abs(1, place, len(values), place)}"
        sheet.data_validation(
            first_row,
            index,
            first_row + _PREPARED - 1,
            index,
            {
                "validate": "list",
                "source": source,
                "error_type": "information" if column.several else "stop",
                "error_title": column.header[:32],
                "error_message": f"请从下拉列表中选择；全部可选值见“{_CHOICES}”工作表。",
            },
        )


def _page(sheet: Any, form: Form, example_row: int) -> None:
    if form.landscape:
        sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, example_row + _RULED, len(form.columns) - 1)
    sheet.repeat_rows(2, example_row - 1)
    sheet.freeze_panes(example_row, 0)
    sheet.set_footer("&C第 &P 页 共 &N 页")
    sheet.set_margins(left=0.39, right=0.39, top=0.47, bottom=0.59)
