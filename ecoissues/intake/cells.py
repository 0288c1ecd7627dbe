"""One cell: its address, the characters it may hold, and numbers written as text."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

#: Text marker of a date on its way from the reading child; texts hold no control characters.
DATE_MARK = "\0"

#: Control characters, zero-width and direction marks, lone surrogates: never part of a form's text.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]"
)
_BREAKS = re.compile("\r\n?|\x85|\u2028|\u2029")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SUSPECT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]")

#: Decimal digits that a spreadsheet's number keeps exactly; an identity number has more.
EXACT_DIGITS = 15


def column_letters(index: int) -> str:
    """Give the letters of a zero-based column: 0 → ``A``, 25 → ``Z``, 26 → ``AA``."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def address(line: int, column: int) -> str:
    """Give a cell's address as spreadsheet programs show it; ``line`` from 1, ``column`` from 0."""
    return f"{column_letters(column)}{line}"


def parse_address(text: str) -> tuple[int, int]:
    """Give (line from 1, column from 0) of ``AB12`` or ``$AB$12``; ValueError when it is none."""
    match = re.fullmatch(r"\$?([A-Za-z]{1,7})\$?(\d{1,12})", text)
    if match is None:
        raise ValueError(text)
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column - 1


def clean_text(text: str) -> tuple[str, int]:
    """Remove unwanted characters and unify line ends.

    Out: the text and how many characters were removed (for a note; they are never refused:
    the writer cannot see them).
    """
    if _SUSPECT.search(text) is None:
        return text, 0
    return _UNWANTED.subn("", _BREAKS.sub("\n", text))


def unescape(text: str) -> str:
    """Decode ``_x000D_`` escapes (ECMA-376 Part 1, 22.9.2.19 ST_Xstring) of workbook texts."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)).lstrip(DATE_MARK), text)


def number_text(raw: str) -> tuple[str, bool]:
    """Write a number cell as a reader sees it.

    In: the stored form (``2145``, ``3.0``, ``1.10101199003071E+17``). Out: the text without
    exponent, and whether digits may be lost (more than 15 digits typed as a number).
    A form that is no number comes back unchanged.
    """
    if raw.isascii() and raw.isdigit() and len(raw) <= EXACT_DIGITS:
        return raw, False
    try:
        value = Decimal(raw.strip())
    except InvalidOperation:
        return raw, False
    if not value.is_finite() or not -320 < value.adjusted() < 320:
        return raw, False
    if value == value.to_integral_value():
        text = format(value.to_integral_value(), "f")
        return text, len(text.lstrip("-")) > EXACT_DIGITS
    return format(Decimal(format(float(value), ".15g")), "f"), False


def serial_text(raw: str, from_1904: bool) -> str | None:
    """Give the text of a date serial: marked date, ``date time``, or ``time``; None if it is none.

    In: days since the workbook's epoch. The 1900 system counts a 29 February 1900 that never was
    (ECMA-376 Part 1, 18.17.4), so serials below 60 lie one day later than the arithmetic says.
    """
    try:
        serial = float(raw)
    except ValueError:
        return None
    if not 0 <= serial < 2_958_466:
        return None
    days, seconds = divmod(round(serial * 86_400), 86_400)
    clock = f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"
    if from_1904:
        day = date(1904, 1, 1) + timedelta(days=days)
    elif days < 1:
        return clock
    else:
        day = date(1899, 12, 31 if days < 60 else 30) + timedelta(days=days)
    return f"{day.isoformat()} {clock}" if seconds else DATE_MARK + day.isoformat()


def iso_text(raw: str) -> str:
    """Write an ISO 8601 cell (``t="d"``): marked date at midnight, else the text itself."""
    try:
        day = date.fromisoformat(raw[:10])
    except ValueError:
        return raw
    return raw.replace("T", " ") if raw[10:].strip("T0:.Z") else DATE_MARK + day.isoformat()


def value_text(value: object) -> tuple[str, bool]:
    """Write a value of the older workbook reader as text; second: digits may be lost."""
    if isinstance(value, str):
        return value, False
    if isinstance(value, bool):
        return ("是" if value else "否"), False
    if isinstance(value, float | int):
        return number_text(repr(value))
    if isinstance(value, datetime):
        if value.time() == time():
            return DATE_MARK + value.date().isoformat(), False
        return value.strftime("%Y-%m-%d %H:%M"), False
    if isinstance(value, date):
        return DATE_MARK + value.isoformat(), False
    if isinstance(value, time):
        return value.strftime("%H:%M"), False
    return str(value), False
