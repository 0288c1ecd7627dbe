"""The cells of one xlsx sheet, streamed: memory does not grow with the sheet (reading child).

Own reader instead of python-calamine for xlsx: it stops at the first bad cell and can name it,
keeps long digits as they are stored, and needs some 40 MB where calamine needs 415 MB for
100,000 × 15 cells. A test holds its values equal to calamine's.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator

from ecoissues.intake import archive as zipped
from ecoissues.intake import refusals
from ecoissues.intake.cells import (
    DATE_MARK,
    EXACT_DIGITS,
    address,
    iso_text,
    number_text,
    parse_address,
    serial_text,
    unescape,
)
from ecoissues.intake.grid import Grid
from ecoissues.intake.limits import Limits
from ecoissues.intake.workbook import Workbook, local

#: Digits as they are, no exponent, no loss: most number cells.
_PLAIN = re.compile(rf"[0-9]{{1,{EXACT_DIGITS}}}").fullmatch
_OTHERS = 300_000
#: The last column a spreadsheet program knows (XFD) and one piece of the file beyond it.
_LAST_COLUMN = 20_000
_TRUTH = {"1": "是", "0": "否", "true": "是", "false": "否"}


class SheetReader:
    """The handlers of the XML parser with the position they have reached.

    They run some four times per cell, millions of times per sheet: hence few calls in them.
    """

    def __init__(self, book: Workbook, grid: Grid) -> None:
        self.book = book
        self.grid = grid
        self.limits: Limits = grid.limits
        self.line = 0
        self.line_text = "0"
        self.column = -1
        self.columns: dict[str, int] = {}
        self.sort = "n"
        self.style = ""
        self.formula = False
        self.phonetic = False
        self.cells = 0
        self.others = 0
        self.spoken: list[str] = []
        self.pieces: list[str] = []
        self.row: list[str] = []
        self.parser = zipped.new_parser()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.pieces.append

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "v":
            self.pieces.clear()
        elif tag == "c":
            self.pieces.clear()
            self.formula = False
            self.sort = attributes.get("t", "n")
            self.style = attributes.get("s", "")
            place = attributes.get("r")
            if place is None:
                self.column += 1
            else:
                letters = place[: -len(self.line_text)]
                column = self.columns.get(letters, -1)
                if column < 0 or place != letters + self.line_text:
                    column = self.locate(place)
                self.column = column
        elif tag == "row":
            self.start_row(attributes)
        elif tag == "f":
            self.formula = True
        elif tag == "is":
            self.pieces.clear()
        elif tag == "rPh":
            self.spoken = self.pieces[:]
        elif tag == "mergeCell":
            self.merge(attributes.get("ref", ""))
        elif ":" in tag:
            self.start(local(tag), attributes)
        else:
            # A sheet has a handful of other elements; millions are a bomb for the parser's stack.
            self.others += 1
            if self.others > _OTHERS:
                raise refusals.dangerous("文件含有过多的 XML 标记")

    def locate(self, place: str) -> int:
        """Give the column of an address in this row, remembering its letters."""
        line, column = parse_address(place)
        if line != self.line:
            raise refusals.unreadable(f"文件已损坏，单元格 {place[:20]} 不在其行内")
        if place == place[: -len(self.line_text)] + self.line_text and len(self.columns) < 20_000:
            self.columns[place[: -len(self.line_text)]] = column
        return column

    def start_row(self, attributes: dict[str, str]) -> None:
        stated = attributes.get("r")
        self.line = int(stated) if stated else self.line + 1
        self.line_text = str(self.line)
        self.column = -1
        self.row = []
        if attributes.get("hidden") in ("1", "true"):
            self.grid.hidden_rows += 1

    def merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        if len(self.grid.merged) < self.limits.rows:
            top, left = parse_address(first)
            bottom, right = parse_address(last or first)
            self.grid.merged.append((top, left, bottom, right))

    def end(self, tag: str) -> None:
        if tag == "v" or tag == "t":
            return
        if tag == "c":
            self.cells += 1
            if self.pieces or self.formula:
                self.end_cell("".join(self.pieces))
                self.pieces.clear()
        elif tag == "row":
            if self.row:
                self.grid.add_row(self.line, self.row)
                self.row = []
        elif tag == "f":
            self.pieces.clear()
        elif tag == "rPh":
            # Reading aids (phonetic runs) are not part of the text.
            self.pieces[:] = self.spoken
        elif ":" in tag:
            self.end(local(tag))

    def end_cell(self, raw: str) -> None:
        sort, row, column = self.sort, self.row, self.column
        if not raw:
            if self.formula and sort != "str":
                self.grid.remark(self.line, column, "formula_empty")
            return
        if sort == "s":
            shared = self.book.texts[int(raw)]
            if shared is None:
                raise refusals.long_cell(address(self.line, column), self.limits)
            text = shared
        elif sort == "n" and not self.style and _PLAIN(raw):
            text = raw
        else:
            text = self.value(raw)
        if not text:
            return
        if column >= self.limits.columns or self.line > self.limits.rows:
            self.grid.check_place(self.line, column)
        if sort != "n" and (not text.isprintable() or len(text) > self.limits.cell_chars):
            text = text if text[0] == DATE_MARK else self.grid.text(self.line, column, text)
        if len(row) != column:
            if len(row) > column:
                where = address(self.line, column)
                raise refusals.unreadable(f"文件已损坏，单元格 {where} 的次序错误")
            row.extend([""] * (column - len(row)))
        row.append(text)

    def value(self, raw: str) -> str:
        sort = self.sort
        if sort == "n":
            if self.style and int(self.style) in self.book.date_styles:
                shown = serial_text(raw, self.book.from_1904)
                if shown is not None:
                    return shown
            text, lost = number_text(raw)
            if lost:
                self.grid.remark(self.line, self.column, "digits_lost", text)
            return text
        if sort == "b":
            return _TRUTH.get(raw.strip(), raw)
        if sort == "e":
            self.grid.remark(self.line, self.column, "cell_error", raw[:40])
            return ""
        if sort == "d":
            return iso_text(raw)
        return unescape(raw)

    def after(self) -> None:
        """Check, between two pieces of the file, what is still growing."""
        if self.column > _LAST_COLUMN:
            raise refusals.dangerous(f"第 {self.line} 行的单元格过多")
        if self.cells > self.limits.cells:
            raise refusals.too_large(f"单元格超过 {self.limits.cells} 个")
        if len(self.pieces) > 1 and sum(map(len, self.pieces)) > self.limits.cell_chars:
            if not "".join(self.pieces).strip():
                self.pieces.clear()
                return
            raise refusals.long_cell(address(self.line, self.column), self.limits)


def read_cells(archive: zipfile.ZipFile, part: str, book: Workbook, grid: Grid) -> Iterator[None]:
    """Walk a sheet; pauses after each piece so that ``grid.rows`` can be handed on."""
    found = zipped.find_part(archive, part)
    if found is None:
        raise refusals.unreadable("文件已损坏，缺少工作表内容")
    reader = SheetReader(book, grid)
    yield from zipped.feed(reader.parser, zipped.inflate(archive, found, grid.limits), reader.after)
