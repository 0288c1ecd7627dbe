"""Workbooks of the older binary format (.xls), read by python-calamine (reading child).

calamine reserves the whole rectangle of a sheet at once and ends the process when that fails;
the child's memory limit makes this a refusal. It works on the value of formulas, as we do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from python_calamine import CalamineError, PasswordError, SheetVisibleEnum, load_workbook

from ecoissues.intake import refusals
from ecoissues.intake.cells import DATE_MARK, value_text
from ecoissues.intake.grid import Grid

_BATCH = 500


class LegacyBook:
    """An .xls workbook: names, hidden names, and one sheet at a time."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self.book = load_workbook(file)
        except PasswordError as error:
            raise refusals.unreadable("文件设有密码", "请去掉密码后再导入") from error
        except CalamineError as error:
            raise refusals.unreadable("文件已损坏或不是 xls 工作簿") from error
        self.names = [sheet.name for sheet in self.book.sheets_metadata]
        self.shown = [
            sheet.name
            for sheet in self.book.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible
        ]

    def read(self, name: str, grid: Grid) -> Iterator[None]:
        """Walk one sheet; pauses so that rows can be handed on."""
        try:
            sheet = self.book.get_sheet_by_name(name)
        except CalamineError as error:
            raise refusals.unreadable("工作表已损坏") from error
        if sheet.start is None:
            return
        top, left = sheet.start
        for index, values in enumerate(sheet.iter_rows()):
            line = index + 1 if sheet.height == sheet.total_height else top + index + 1
            self.add_row(grid, line, left, values)
            if index % _BATCH == _BATCH - 1:
                yield
        for (first, start), (last, end) in sheet.merged_cell_ranges or []:
            grid.merged.append((first + 1, start, last + 1, end))
        yield

    @staticmethod
    def add_row(grid: Grid, line: int, left: int, values: Sequence[object]) -> None:
        texts = [""] * left
        for offset, value in enumerate(values):
            text, lost = value_text(value)
            column = left + offset
            if text.strip():
                grid.check_place(line, column)
            if lost:
                grid.remark(line, column, "digits_lost", text)
            dated = text.startswith(DATE_MARK) and not isinstance(value, str)
            texts.append(text if dated else grid.text(line, column, text))
        grid.add_row(line, texts)
