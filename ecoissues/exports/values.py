"""From a row's value to what stands in a cell, the same for every file format."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

from ecoissues.core.forms import Column

#: Between several values of one cell, as the published tables write them.
SEPARATOR: Final = "、"

#: Day 0 of the spreadsheet calendar. Days before March 1900 are written as text: the programs
#: disagree about them (the leap day 1900-02-29 that never was).
_EPOCH: Final = date(1899, 12, 30).toordinal()
_FIRST_SAFE: Final = date(1900, 3, 1)

#: Largest whole number a spreadsheet keeps exactly (15 digits); longer ones are written as text.
_MOST_DIGITS: Final = 10**15

#: Characters XML 1.0 has no place for (a sheet holding one does not open), and lone surrogates.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Number(NamedTuple):
    """A number cell: digits as stored, text as shown, and the spreadsheet format of its kind."""

    stored: str
    shown: str
    format: str


Cell = str | Number
Rendering = Callable[[object], Cell]


def rendering(column: Column, words: Mapping[str, str]) -> Rendering:
    """The function that turns a value of this column into a cell.

    In: the column and its words by key. Out: a function; it gives a text (empty for no value) or
    a Number. A value of another type than the column's is shown as text, never guessed at; an
    instant in a date column raises TypeError, since its day depends on the place.
    """
    if column.type in ("integer", "number"):
        return _number
    if column.type == "date":
        return _date
    if column.type == "percent":
        return _percent
    if column.type == "amount":
        return _amount
    if words:
        return lambda value: _translated(value, words)
    return _text


def blank_of(column: Column) -> str:
    """What stands for no value: the form's own word; a rate of an empty whole is never a zero."""
    return column.blank or ("—" if column.type == "percent" else "")


def clean(text: str) -> tuple[str, int]:
    """Take out the characters no sheet can hold and make every line end a plain one.

    Out: the text and how many characters were taken out.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _FORBIDDEN.subn("", text)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):
        return SEPARATOR.join(_text(one) for one in value)
    return str(value)


def _translated(value: object, words: Mapping[str, str]) -> str:
    if isinstance(value, (list, tuple)):
        return SEPARATOR.join(_translated(one, words) for one in value)
    text = _text(value)
    return words.get(text, text)


def _number(value: object) -> Cell:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MOST_DIGITS:
        return Number(str(value), str(value), "0")
    if isinstance(value, float) and abs(value) < _MOST_DIGITS:  # a count shared by several units
        return Number(repr(value), repr(value), "General")
    return _text(value)


def _date(value: object) -> Cell:
    if isinstance(value, datetime):
        raise TypeError("a date column takes a day, not an instant")
    if isinstance(value, date):
        if value < _FIRST_SAFE:
            return value.isoformat()
        return Number(str(value.toordinal() - _EPOCH), value.isoformat(), "yyyy-mm-dd")
    return _text(value)


def _percent(value: object) -> Cell:
    """Percent points as printed: the sheet shows the same decimals and rounds nothing anew."""
    text = _text(value).removesuffix("%")
    if not text:
        return ""
    try:
        points = Decimal(text)
    except InvalidOperation:
        return _text(value)
    if not points.is_finite():
        return _text(value)
    _, _, decimals = text.partition(".")
    shown = "0." + "0" * len(decimals) if decimals else "0"
    return Number(f"{points.scaleb(-2):f}", f"{text}%", f"{shown}%")


def _amount(value: object) -> Cell:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MOST_DIGITS:
        yuan = Decimal(value).scaleb(-2)
        return Number(f"{yuan:.2f}", f"{yuan:.2f}", "#,##0.00")
    return _text(value)
