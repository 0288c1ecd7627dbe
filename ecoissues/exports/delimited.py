"""The same sheets as CSV: one header row, UTF-8 with a byte order mark so that Excel and WPS
read the Chinese, and no text that a spreadsheet would run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final

from ecoissues.core.forms import Column, Form, guard_formula
from ecoissues.exports.sheet import Notes, Row, Written, opened
from ecoissues.exports.values import Number, Rendering, blank_of, clean, rendering

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
#: Characters gathered before they are written on.
_CHUNK: Final = 65_536


def write_csv(form: Form, rows: Iterable[Row], out: Path | BinaryIO) -> Written:
    """Write the table without title and foot, for programs and for re-import.

    In: the form, rows by column key, a path or binary stream. Texts starting like a formula get an
    apostrophe (``core.forms.guard_formula``; ``unguard_formula`` gives them back exactly); numbers
    stay plain. Out: rows, digest, notes on control characters taken out.
    """
    notes = Notes()
    columns = [(c, rendering(c, form.words_of(c)), blank_of(c)) for c in form.columns]
    with opened(out) as stream:
        stream.write(_BYTE_ORDER_MARK)
        pending = io.StringIO(newline="")
        sheet = csv.writer(pending, lineterminator="\r\n")
        sheet.writerow(header_names(form))
        count = 0
        for count, row in enumerate(rows, 1):
            sheet.writerow([_field(row, *column, count, notes) for column in columns])
            if pending.tell() > _CHUNK:
                stream.write(pending.getvalue().encode())
                pending.seek(0)
                pending.truncate()
        stream.write(pending.getvalue().encode())
        return Written(count, stream.sha256(), notes.closed())


def header_names(form: Form) -> list[str]:
    """One name for each column: its header, with the group before it where two would be alike."""
    headers = [column.header for column in form.columns]
    return [
        f"{column.group}{column.header}"
        if column.group and headers.count(column.header) > 1
        else column.header
        for column in form.columns
    ]


def _field(
    row: Row, column: Column, render: Rendering, blank: str, number: int, notes: Notes
) -> str:
    value = row.get(column.key)
    if value is None and column.serial:
        value = number
    cell = render(value) or blank
    if isinstance(cell, Number):
        return cell.shown
    text, removed = clean(cell)
    if removed:
        notes.add(f"第 {number} 行“{column.header}”含 {removed} 个不可见控制字符，已去除。")
    return guard_formula(text)
