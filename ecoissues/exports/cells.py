"""One body cell: its XML, its look and the height it needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from ecoissues.core.forms import Column, Form
from ecoissues.exports import layout
from ecoissues.exports.sheet import Notes
from ecoissues.exports.styles import Style, Styles
from ecoissues.exports.values import Number, blank_of, clean, rendering

#: UTF-16 units a cell can hold.
MOST_UNITS: Final = 32_767
#: Cells formatted as text show #### beyond this length in older programs.
_MOST_AS_TEXT: Final = 255
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t")
_CODED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")

#: Gives a value's cell as XML and the height it needs in points.
#: In: value, row of the sheet, row of the data (from 1; 0 in a sum row).
CellWriter = Callable[[object, int, int], tuple[str, float]]


class _Fit(NamedTuple):
    """A size a column's text may take, its half-width characters a line, and its style numbers."""

    usable: int
    size: float
    short: int
    long: int
    quoted: int


def cell_writer(form: Form, index: int, styles: Styles, notes: Notes, bold: bool) -> CellWriter:
    """The function that writes the cells of column ``index``; all constants are settled here.

    Text too tall for the tallest row is set smaller; text beyond the cell's limit is cut with a
    mark. Both, and control characters taken out, are told in ``notes``.
    """
    column = form.columns[index]
    letter = layout.letters(index)
    render = rendering(column, form.words_of(column))
    blank, serial = blank_of(column), column.serial
    base = Style(bold=bold, align=column.align, border=True)
    empty = styles.index(base)
    fits = _fits(column, base, styles)
    first = fits[0]
    usable, short = first.usable, first.short
    one_line = layout.height_of(1)
    per_line = layout.height_of(2) - one_line
    most_lines = int((layout.TALLEST - one_line) / per_line) + 1
    plain_text = column.type == "text" and not column.words

    def write(value: object, line: int, number: int) -> tuple[str, float]:
        if serial and value is None and number:
            value = number
        cell = (value if plain_text and type(value) is str else render(value)) or blank
        if isinstance(cell, Number):
            if layout.line_count(cell.shown, usable) == 1:
                style = styles.index(base._replace(format=cell.format))
                return f'<c r="{letter}{line}" s="{style}"><v>{cell.stored}</v></c>', one_line
            cell = cell.shown  # a number wider than its column would print as ####
        if not cell:
            return f'<c r="{letter}{line}" s="{empty}"/>', 0.0
        plain = cell.isprintable()
        if not plain or len(cell) * 2 > MOST_UNITS:
            cell = _settled(cell, notes, _place(column, number))
            if not cell:
                return f'<c r="{letter}{line}" s="{empty}"/>', 0.0
        if plain and len(cell) * 2 <= usable and cell[0] not in _FORMULA_SIGNS:
            return string_cell(f'r="{letter}{line}" s="{short}"', cell), one_line
        lines = layout.line_count(cell, usable)
        if lines <= most_lines:
            fit, height = first, one_line + (lines - 1) * per_line
        else:
            fit, height = _smaller(cell, fits, notes, _place(column, number))
        if cell[0] in _FORMULA_SIGNS:
            style = fit.quoted
        else:
            style = fit.short if len(cell) <= _MOST_AS_TEXT else fit.long
        return string_cell(f'r="{letter}{line}" s="{style}"', cell), height

    return write


def string_cell(where: str, text: str) -> str:
    """An inline text cell. In: its attributes; text without forbidden characters.

    ``_x0041_`` is the format's own code for a character (ST_Xstring), so a text that holds such
    letters is coded itself.
    """
    if "&" in text or "<" in text or ">" in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if "_x" in text:
        text = _CODED.sub("_x005F_", text)
    return f'<c {where} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _place(column: Column, number: int) -> str:
    return f"第 {number} 行“{column.header}”" if number else f"合计行“{column.header}”"


def _settled(text: str, notes: Notes, place: str) -> str:
    """A text the format can hold: forbidden characters out, cut at the limit, both told."""
    text, removed = clean(text)
    if removed:
        notes.add(f"{place}含 {removed} 个不可见控制字符，已去除。")
    coded = text.encode("utf-16-le")
    if len(coded) // 2 <= MOST_UNITS:
        return text
    mark = f"……〔原文共{len(text)}字，超过单元格上限，此处截断〕"
    kept = coded[: (MOST_UNITS - len(mark)) * 2].decode("utf-16-le", "ignore")
    notes.add(f"{place}原文共 {len(text)} 字，超过单元格上限，只写入前 {len(kept)} 字并注明截断。")
    return kept + mark


def _fits(column: Column, base: Style, styles: Styles) -> list[_Fit]:
    return [
        _Fit(
            layout.usable_width(column.width, size),
            size,
            styles.index(base._replace(size=size, format="@")),
            styles.index(base._replace(size=size)),
            styles.index(base._replace(size=size, format="@", quoted=True)),
        )
        for size in layout.SIZES
    ]


def _smaller(text: str, fits: Sequence[_Fit], notes: Notes, place: str) -> tuple[_Fit, float]:
    """The largest size at which the text fits the tallest row; told if none does."""
    for fit in fits:
        height = layout.height_of(layout.line_count(text, fit.usable), fit.size)
        if height <= layout.TALLEST:
            return fit, height
    notes.add(f"{place}共 {len(text)} 字，超过行高上限，打印时显示不全，单元格内文字完整。")
    return fits[-1], layout.TALLEST
