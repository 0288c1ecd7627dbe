"""Telling the cases of a sheet from total rows, repeated headers, section lines and footers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ecoissues.core.forms import EXAMPLE_MARK
from ecoissues.intake.headers import find_exact, names
from ecoissues.intake.layout import Layout, Note, text_of
from ecoissues.intake.sheet import Cell, RawSheet
from ecoissues.intake.text import squeeze, trim_edges

_LABELLED = re.compile(r"^[\u4e00-\u9fff]{2,8}(?:\([^)]*\))?:")
#: A signature (填表人:某某) is short; a case whose texts all begin with a label is not.
_SIGNED = 16
#: The beginning of a cell tells its sort; whole answers need not be folded for that.
_HEAD = 120
_PAGE = re.compile(r"^第?\d+页(?:[/,共]*\d*页?)?$|^-\d+-$")
_ENUMERATED = re.compile(r"^(?:[一二三四五六七八九十]+[、.]|\([一二三四五六七八九十]+\))")


def _why_not(row: Sequence[Cell], layout: Layout) -> str | None:
    """Give the code of the reason why a row is no case, None when it is one.

    Codes: ``total_row``, ``example_row``, ``header_repeated``, ``footer``, ``section``.
    """
    heads = ((i, squeeze(text_of(cell)[:_HEAD])) for i, cell in enumerate(row) if cell)
    texts = {i: head for i, head in heads if head}
    if not texts:
        return "section"
    first_column = min(texts)
    first = trim_edges(texts[first_column])
    if first == EXAMPLE_MARK:
        return "example_row"
    distinct = set(texts.values())
    columns = layout.columns
    content = [columns[code] for code in ("content", "problem") if code in columns]
    has_content = any(i in texts for i in content) and len(distinct) > 1
    totals = names().totals
    if first in totals or (not has_content and first.startswith(totals) and len(first) <= 12):
        return "total_row"
    repeated = sum(1 for i, text in texts.items() if _same_header(text, layout.headers.get(i, "")))
    if repeated >= 2 and repeated * 2 >= len(texts):
        return "header_repeated"
    if len(distinct) > 1 and all(_LABELLED.match(t) and len(t) <= _SIGNED for t in distinct):
        return "footer"
    if has_content:
        return None
    if texts[first_column].startswith(names().footers) or _PAGE.match(texts[first_column]):
        return "footer"
    if len(distinct) > 1:
        return None
    merged = len(texts) > 1 and len(texts) * 2 >= len(layout.headers)
    lonely = first_column == 0 and not first.isdigit() and first_column not in content
    if merged or _ENUMERATED.match(first):
        return "section"
    return "section" if lonely and columns.get("number") != 0 else None


def _same_header(text: str, header: str) -> bool:
    if not header:
        return False
    if text == header:
        return True
    code = find_exact(text)
    return code is not None and code == find_exact(header)


def data_lines(sheet: RawSheet, layout: Layout) -> Iterator[tuple[int, str | None]]:
    """Give the lines (from 1) that are cases."""
    for line, why in judged_lines(sheet, layout):
        if why is None:
            yield line, why


def judged_lines(sheet: RawSheet, layout: Layout) -> Iterator[tuple[int, str | None]]:
    """Give every filled line under the header with the reason why it is no case, or None."""
    start = max(layout.header_rows, default=0)
    for line in range(start + 1, len(sheet.rows) + 1):
        row = sheet.rows[line - 1]
        if any(not isinstance(cell, str) or cell.strip() for cell in row):
            yield line, _why_not(row, layout)


_SENTENCES = {
    "total_row": "第 {line} 行是合计行，不导入：{text}",
    "example_row": "第 {line} 行是模板的示例行，不导入",
    "header_repeated": "第 {line} 行是重复的表头，不导入",
    "footer": "第 {line} 行是表尾说明，不导入：{text}",
    "section": "第 {line} 行是分段标题，不导入：{text}",
}


def dropped_lines(sheet: RawSheet, layout: Layout) -> list[Note]:
    """Give a note for each filled line that was left out, so that nothing disappears unseen."""
    notes = []
    for line, why in judged_lines(sheet, layout):
        if why is not None:
            distinct = dict.fromkeys(text_of(cell).strip() for cell in sheet.rows[line - 1])
            text = " ".join(part for part in distinct if part)[:60]
            notes.append(Note(why, _SENTENCES[why].format(line=line, text=text), line))
    return notes
