"""The user's sheet given back with its errors marked: red cells, comments, a column 错误说明."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import BinaryIO

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ecoissues.intake.cells import column_letters
from ecoissues.intake.layout import Layout
from ecoissues.intake.rows import IntakeRow, Problem
from ecoissues.intake.sheet import Cell, RawSheet

_SAFE = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "constant_memory": True,
}
#: A spreadsheet's comment may hold 32,767 characters; nobody reads more than this.
_COMMENT = 1_000
_WIDTH = 18


def _formats(book: xlsxwriter.Workbook) -> dict[str, Format]:
    plain = {"text_wrap": True, "valign": "top", "border": 1, "num_format": "@"}
    wrong = {"bg_color": "#FFC7CE", "font_color": "#9C0006"}
    return {
        "plain": book.add_format(plain),
        "day": book.add_format(plain | {"num_format": "yyyy-mm-dd"}),
        "header": book.add_format(plain | {"bold": True, "align": "center", "bg_color": "#E7ECEF"}),
        "wrong": book.add_format(plain | wrong),
        "wrong_day": book.add_format(plain | wrong | {"num_format": "yyyy-mm-dd"}),
        "said": book.add_format(plain | {"font_color": "#9C0006"}),
    }


def _write(
    page: Worksheet, place: tuple[int, int], cell: Cell, wrong: bool, kinds: Mapping[str, Format]
) -> None:
    if isinstance(cell, str):
        chosen = kinds["wrong" if wrong else "plain"]
        if cell:
            page.write_string(*place, cell, chosen)
        else:
            page.write_blank(*place, None, chosen)
    else:
        page.write_datetime(*place, cell, kinds["wrong_day" if wrong else "day"])


def _by_column(problems: Sequence[Problem], layout: Layout) -> dict[int, str]:
    """Give the sentences by the column at fault; a field without a column has no cell to mark."""
    said: dict[int, list[str]] = {}
    for problem in problems:
        column = layout.columns.get(problem.field)
        if column is not None:
            said.setdefault(column, []).append(problem.sentence)
    return {column: "\n".join(sentences)[:_COMMENT] for column, sentences in said.items()}


def marked_copy(
    target: BinaryIO, sheet: RawSheet, layout: Layout, rows: Sequence[IntakeRow]
) -> int:
    """Write the sheet as read into ``target`` (xlsx) and mark what was refused.

    In: the sheet, its layout, the rows with their problems. Every wrong cell, and no other, is
    red and carries a comment with reason and cure; the last column 错误说明 repeats them. Texts
    stay texts: nothing is taken for a formula. Out: the number of cells marked.
    """
    problems = {row.line: row.problems for row in rows if row.problems}
    book = xlsxwriter.Workbook(target, _SAFE)
    page = book.add_worksheet("导入结果")
    kinds = _formats(book)
    width = sheet.width
    page.set_column(0, max(width - 1, 0), _WIDTH)
    page.set_column(width, width, 40)
    header = max(layout.header_rows, default=0)
    if header:
        page.freeze_panes(header, 0)
    page.set_landscape()
    page.set_paper(9)
    marked = 0
    for index, cells in enumerate(sheet.rows):
        line = index + 1
        wrong = _by_column(problems.get(line, ()), layout)
        for column in range(max([len(cells), *(c + 1 for c in wrong)])):
            cell = cells[column] if column < len(cells) else ""
            if line <= header and isinstance(cell, str):
                page.write_string(index, column, cell, kinds["header"])
                continue
            _write(page, (index, column), cell, column in wrong, kinds)
            if column in wrong:
                page.write_comment(f"{column_letters(column)}{line}", wrong[column])
                marked += 1
        if line == header:
            page.write_string(index, width, "错误说明", kinds["header"])
        elif line in problems:
            said = "\n".join(problem.sentence for problem in problems[line])
            page.write_string(index, width, said, kinds["said"])
    book.close()
    return marked
