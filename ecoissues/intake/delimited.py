"""CSV and tab-separated text in the encodings that offices use (reading child)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from ecoissues.intake import refusals
from ecoissues.intake.grid import Grid

_BATCH = 500
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_FORMULA_TEXT = re.compile(r'="([^"]*)"')


def decode(data: bytes) -> str:
    """Decode by mark, else UTF-8, else GB18030 (the encoding of Chinese spreadsheet exports)."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError as error:
                raise refusals.unreadable("文本文件的编码不完整") from error
    if b"\0" in data[:65_536]:
        raise refusals.unreadable("文件不是表格或文本")
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refusals.unreadable("无法识别文本的编码", "请另存为 UTF-8 编码的 CSV 或 xlsx 再导入")


def find_delimiter(text: str) -> str:
    """Give the character that separates most cells in the first lines: tab, comma or semicolon."""
    head = "\n".join(text[:20_000].split("\n")[:20])
    unquoted = re.sub(r'"[^"]*"', "", head)
    counts = {mark: unquoted.count(mark) for mark in ("\t", ",", ";")}
    if counts["\t"]:
        return "\t"
    return ";" if counts[";"] > counts[","] else ","


def unprotect(text: str) -> str:
    """Undo what CSV writers do to keep a text from being taken for a formula.

    ``="0012"`` is 0012; an apostrophe before ``= + - @``, tab or return was put there on export.
    """
    if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@", "\t", "\r", "\n"):
        return text[1:]
    if text[:2] == '="' and (match := _FORMULA_TEXT.fullmatch(text)):
        return match[1]
    return text


def read_text(data: bytes, grid: Grid, delimiter: str = "") -> Iterator[None]:
    """Walk a delimited text; pauses every some hundred rows so that they can be handed on.

    In: the file's bytes; ``delimiter`` empty to find it. Quoted cells may hold line breaks.
    Line numbers count records, as a spreadsheet program would number the rows.
    """
    text = decode(data)
    mark = delimiter or find_delimiter(text)
    csv.field_size_limit(max(len(text), 1))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    line = 0
    try:
        for record in reader:
            line += 1
            for column, raw in enumerate(record):
                if not raw:
                    continue
                if raw.strip():
                    grid.check_place(line, column)
                record[column] = grid.text(line, column, unprotect(raw))
            grid.add_row(line, record)
            if line % _BATCH == 0:
                yield
    except csv.Error as error:
        raise refusals.unreadable(
            f"第 {line + 1} 行的引号不成对，无法分列", "请检查该行的双引号后再导入"
        ) from error
    yield
