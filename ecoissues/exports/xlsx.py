"""Official sheets as xlsx, streamed: memory does not grow with the number of rows.

Why not a library: see docs/decisions/0004-xlsx-writer.md. Text from data never becomes a formula
or a link, since only inline string cells are written (OWASP ASVS 1.2.10).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, BinaryIO, Final

from ecoissues.core.errors import Refused
from ecoissues.core.forms import Form
from ecoissues.exports import layout, parts
from ecoissues.exports.cells import CellWriter, cell_writer, string_cell
from ecoissues.exports.layout import Block
from ecoissues.exports.sheet import Digesting, Heading, Notes, Row, Written, opened
from ecoissues.exports.styles import Style, Styles
from ecoissues.exports.values import clean

#: Rows of a sheet.
MOST_ROWS: Final = 1_048_576
#: A zip entry beyond 2 GiB needs an extension that office programs refuse.
_MOST_BYTES: Final = 2**31 - 2**20
_TITLE_SIZE: Final = 18.0
_CHUNK: Final = 400
#: Every file is the same for the same content: no clock goes into it.
_ZIP_DAY: Final = (1980, 1, 1, 0, 0, 0)


def write_xlsx(
    form: Form,
    heading: Heading,
    rows: Iterable[Row],
    foot: Sequence[str],
    out: Path | BinaryIO,
    *,
    totals: Sequence[Row] = (),
) -> Written:
    """Write an official sheet.

    In: the form; what stands above it; the rows, read once, values by column key (types as in
    ``Column``, a list for several values); lines under the table (definition, date, scope,
    digest), printed before the form's own notes; a path or binary stream; ``totals``, sum rows in
    bold (their first cell is the form's word unless given).
    Out: rows, digest of the file, notes. The same content gives the same bytes.
    Raises Refused ``too_many_rows`` or ``sheet_too_big``; nothing is left at a path then.
    """
    with opened(out) as stream:
        writer = _Writer(form, stream)
        count = writer.write(heading, rows, totals, (*foot, *form.notes))
        return Written(count, stream.sha256(), writer.notes.closed())


class _Writer:
    """One sheet being written. ``line`` is the last sheet row written (from 1)."""

    _sheet: IO[bytes]

    def __init__(self, form: Form, stream: Digesting) -> None:
        self.form = form
        self.notes = Notes()
        self.styles = Styles()
        self.merged: list[str] = []
        self.line = 0
        self._stream = stream
        self._pending: list[str] = []
        self._bytes = 0

    def write(
        self, heading: Heading, rows: Iterable[Row], totals: Sequence[Row], foot: Sequence[str]
    ) -> int:
        """Write the whole file; gives the number of data rows."""
        archive = zipfile.ZipFile(self._stream, "w", zipfile.ZIP_DEFLATED)
        with archive:
            _put(archive, "[Content_Types].xml", parts.CONTENT_TYPES)
            _put(archive, "_rels/.rels", parts.RELATIONS)
            _put(archive, "xl/_rels/workbook.xml.rels", parts.WORKBOOK_RELATIONS)
            with archive.open(_entry("xl/worksheets/sheet1.xml"), "w") as self._sheet:
                first_header = self._heading(heading)
                last_header = self.line
                count = self._rows(rows)
                self._totals(totals)
                for text in foot:
                    self._spread(text, Style())
                self._pending.append(parts.sheet_end(self.form, self.merged, self.line))
                self._flush()
            names = parts.workbook(self.form, first_header, last_header, self.line)
            _put(archive, "xl/workbook.xml", names)
            _put(archive, "xl/styles.xml", self.styles.xml())
        return count

    def _heading(self, heading: Heading) -> int:
        """Title, lines, corners and header; gives the first header row."""
        corners = heading.corners(self.form)
        above = 1 + len(heading.lines) + any(corners)
        self._pending.append(parts.sheet_start(self.form, above + 1 + self.form.grouped))
        self._spread(heading.title(self.form), Style(_TITLE_SIZE, bold=True, align="center"))
        for text in heading.lines:
            self._spread(text, Style(align="center"))
        if any(corners):
            aligns = ("left", "center", "right")
            blocks = layout.corner_blocks(self.form, corners)
            self._blocks(blocks, [Style(align=align) for align in aligns[: len(blocks)]])
        header = layout.header_blocks(self.form)
        style = Style(bold=True, align="center", border=True, fill=True)
        first = self.line + 1
        self._blocks(header, [style] * len(header))
        return first

    def _spread(self, text: str, style: Style) -> None:
        """One line of text across the whole table."""
        self._blocks([Block(text, 0, 0, 0, len(self.form.columns) - 1)], [style])

    def _blocks(self, blocks: Sequence[Block], styles: Sequence[Style]) -> None:
        """Rows of merged heading cells; every covered cell gets the style, for its border."""
        top = self.line + 1
        deep = max(block.last_row for block in blocks) + 1
        cells: list[dict[int, str]] = [{} for _ in range(deep)]
        heights = [0.0] * deep
        for block, style in zip(blocks, styles, strict=True):
            text, _ = clean(block.text)
            usable = layout.usable_width(layout.block_width(self.form, block), style.size)
            needed = layout.height_of(layout.line_count(text, usable), style.size)
            shared = needed / (block.last_row - block.first_row + 1)
            for row in range(block.first_row, block.last_row + 1):
                heights[row] = max(heights[row], shared)
                for index in range(block.first, block.last + 1):
                    cells[row][index] = self._plain(index, top + row, style)
            head = self._plain(block.first, top + block.first_row, style, text)
            cells[block.first_row][block.first] = head
            if (block.first, block.first_row) != (block.last, block.last_row):
                self.merged.append(
                    f"{layout.letters(block.first)}{top + block.first_row}:"
                    f"{layout.letters(block.last)}{top + block.last_row}"
                )
        for found, height in zip(cells, heights, strict=True):
            self._add_row("".join(found[index] for index in sorted(found)), height)

    def _plain(self, index: int, line: int, style: Style, text: str = "") -> str:
        where = f'r="{layout.letters(index)}{line}" s="{self.styles.index(style)}"'
        return string_cell(where, text) if text else f"<c {where}/>"

    def _rows(self, rows: Iterable[Row]) -> int:
        columns = self._columns(bold=False)
        count = 0
        for count, row in enumerate(rows, 1):
            self._data_row(columns, row, count)
        return count

    def _totals(self, totals: Sequence[Row]) -> None:
        columns = self._columns(bold=True)
        for row in totals:
            self._data_row(columns, {columns[0][0]: self.form.total, **row}, 0)

    def _columns(self, bold: bool) -> list[tuple[str, CellWriter]]:
        return [
            (column.key, cell_writer(self.form, index, self.styles, self.notes, bold))
            for index, column in enumerate(self.form.columns)
        ]

    def _data_row(self, columns: Sequence[tuple[str, CellWriter]], row: Row, number: int) -> None:
        line = self.line + 1
        cells: list[str] = []
        tallest = 0.0
        for key, write in columns:
            cell, height = write(row.get(key), line, number)
            cells.append(cell)
            if height > tallest:
                tallest = height
        self._add_row("".join(cells), tallest)

    def _add_row(self, cells: str, height: float) -> None:
        self.line += 1
        if self.line > MOST_ROWS:
            raise Refused(
                "too_many_rows",
                f"超过表格格式的上限 {MOST_ROWS} 行，未生成文件。请缩小范围后分次导出。",
                limit=MOST_ROWS,
            )
        tall = min(max(height, 20.0), layout.TALLEST)
        self._pending.append(f'<row r="{self.line}" ht="{tall:g}" customHeight="1">{cells}</row>')
        if len(self._pending) >= _CHUNK:
            self._flush()

    def _flush(self) -> None:
        content = "".join(self._pending).encode()
        self._pending.clear()
        self._bytes += len(content)
        if self._bytes > _MOST_BYTES:
            raise Refused("sheet_too_big", "表格内容超过 2 GB，未生成文件。请缩小范围后分次导出。")
        self._sheet.write(content)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _ZIP_DAY)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry._compresslevel = 1  # type: ignore[attr-defined]
    return entry


def _put(archive: zipfile.ZipFile, name: str, text: str) -> None:
    archive.writestr(_entry(name), text.encode())
