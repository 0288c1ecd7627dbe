"""Finding where a form's title, header and rows are, and which column holds which field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from ecoissues.core.errors import Refused
from ecoissues.intake.dates import find_date
from ecoissues.intake.headers import Finder, Match, field_name
from ecoissues.intake.sheet import Cell
from ecoissues.intake.text import squeeze

#: Headers are looked for in so many first lines; titles of real forms take up to about ten.
_SEARCHED = 40
_BATCH = re.compile(r"第([〇零一二三四五六七八九十百\d]+(?:[、\-—~至]\d+)*)批")


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader should know that refuses nothing; ``line`` 0 speaks of the sheet."""

    code: str
    sentence: str
    line: int = 0
    field: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand in a sheet. Lines count from 1, columns from 0.

    ``guessed`` names fields found by a similar name only: the preview asks to check them.
    ``batch`` and ``dated`` come from the title; they fill rows that state none of their own.
    """

    header_rows: tuple[int, ...]
    columns: dict[str, int]
    headers: dict[int, str]
    unknown: list[tuple[int, str]] = field(default_factory=list)
    guessed: frozenset[str] = frozenset()
    title: str = ""
    batch: str = ""
    dated: date | None = None
    notes: list[Note] = field(default_factory=list)


def text_of(cell: Cell) -> str:
    """Give a cell as text; a day in ISO form."""
    return cell if isinstance(cell, str) else cell.isoformat()


def find_batch(text: str) -> str:
    """Find a batch in a title (``第 七 批`` with blanks too); empty when there is none."""
    match = _BATCH.search(squeeze(text))
    return match[0] if match else ""


def _spread(row: Sequence[Cell], below: Sequence[Cell]) -> list[str]:
    """Give group names for the columns of a second header row, carried over blanks to the right."""
    groups: list[str] = []
    for index in range(max(len(row), len(below))):
        own = text_of(row[index]) if index < len(row) else ""
        under = text_of(below[index]) if index < len(below) else ""
        groups.append(own if own.strip() or not under.strip() or not groups else groups[-1])
    return groups


def _double(row: Sequence[Cell], below: Sequence[Cell], finder: Finder) -> list[str]:
    """Join a group row and the row under it into one header per column."""
    headers: list[str] = []
    own = [text_of(cell).strip() for cell in row] + [""] * max(0, len(below) - len(row))
    for index, group in enumerate(_spread(row, below)):
        under = text_of(below[index]).strip() if index < len(below) else ""
        if not under or squeeze(under) == squeeze(group):
            headers.append(own[index] or under)
            continue
        # A word split over two lines (是否 / 办结) first, then the column's own name.
        for candidate in (group + under, under, under + group, own[index]):
            if finder.exact(candidate):
                headers.append(candidate)
                break
        else:
            headers.append(group + under)
    return headers


def _score(headers: Sequence[str], finder: Finder) -> int:
    return len({code for header in headers if (code := finder.exact(header))})


def _single(row: Sequence[Cell]) -> list[str]:
    return [text_of(cell) for cell in row]


def _find_header(
    rows: Sequence[Sequence[Cell]], finder: Finder
) -> tuple[int, tuple[int, ...], list[str]]:
    """Give (score, header lines, one header per column) of the best place in the first lines."""
    best: tuple[int, tuple[int, ...], list[str]] = (0, (), [])
    for index, row in enumerate(rows[:_SEARCHED]):
        if sum(1 for cell in row if text_of(cell).strip()) < 2:
            continue
        headers = _single(row)
        score = _score(headers, finder)
        if score > best[0]:
            best = (score, (index + 1,), headers)
        if index + 1 < len(rows) and _may_continue(row, rows[index + 1]):
            headers = _double(row, rows[index + 1], finder)
            score = _score(headers, finder)
            if score > best[0] or (score == best[0] and best[1] == (index + 1,)):
                best = (score, (index + 1, index + 2), headers)
    return best


def _may_continue(row: Sequence[Cell], below: Sequence[Cell]) -> bool:
    """Say whether the second row may be part of the header: short texts, no numbers, no days."""
    texts = [text_of(cell).strip() for cell in below]
    filled = [text for text in texts if text]
    if not filled or any(len(text) > 16 or squeeze(text)[:1].isdigit() for text in filled):
        return False
    first = text_of(row[0]).strip() if row else ""
    # In a real second row the first column is blank or the merged repetition of the first row.
    return not texts[0] or squeeze(texts[0]) == squeeze(first)


def _assign(
    headers: Sequence[str], finder: Finder
) -> tuple[dict[str, int], set[str], list[tuple[int, str]]]:
    """Give each field its column, exact names before guesses, the left one before the right."""
    matches: list[tuple[int, str, Match | None]] = [
        (index, header, finder.match(header)) for index, header in enumerate(headers)
    ]
    columns: dict[str, int] = {}
    guessed: set[str] = set()
    for wanted in (True, False):
        for index, _, match in matches:
            if match and match.exact is wanted and match.field not in columns:
                columns[match.field] = index
                if not wanted:
                    guessed.add(match.field)
    used = set(columns.values())
    unknown = [(i, squeeze(h)) for i, h, _ in matches if h.strip() and i not in used]
    return columns, guessed, unknown


def find_layout(
    rows: Sequence[Sequence[Cell]],
    mapping: Mapping[str, int] | None = None,
    header_rows: Sequence[int] = (),
    own: Mapping[str, str] | None = None,
) -> Layout:
    """Find title, header and columns of a form.

    In: the rows as read; ``mapping`` (field code → column) replaces what was found for the
    columns and fields it names, a negative column takes a field away; ``header_rows`` (lines
    from 1) says where the header is; ``own``: names of
    the kind's own fields -> code, which win over the usual ones. Forms differ as in the published ledgers: titles above,
    one or two header rows, names with line breaks, other orders.
    Raises Refused ``header_missing`` when nothing looks like a header and no mapping is given.
    """
    finder = Finder(own)
    if header_rows:
        lines = tuple(header_rows)
        first = rows[lines[0] - 1] if 0 < lines[0] <= len(rows) else []
        second = rows[lines[1] - 1] if len(lines) > 1 and lines[1] <= len(rows) else []
        headers = _double(first, second, finder) if second else _single(first)
    else:
        score, lines, headers = _find_header(rows, finder)
        if score < 2 and not mapping:
            raise Refused(
                "header_missing",
                "没有找到表头：前 40 行中没有两个以上认识的列名（如 受理编号、行政区域、是否属实）。"
                "请确认表头文字，或手工指定各列。没有写入任何数据。",
            )
    columns, guessed, unknown = _assign(headers, finder)
    if mapping:
        columns, guessed = _override(columns, guessed, mapping)
        used = set(columns.values())
        unknown = [(i, squeeze(h)) for i, h in enumerate(headers) if h.strip() and i not in used]
    above = rows[: lines[0] - 1] if lines else []
    title = "\n".join(_title_lines(above))
    return Layout(
        header_rows=lines,
        columns=columns,
        headers={i: squeeze(h) for i, h in enumerate(headers) if h.strip()},
        unknown=unknown,
        guessed=frozenset(guessed),
        title=title,
        batch=find_batch(title),
        dated=find_date(squeeze(title)),
        notes=_notes(columns, headers, guessed, unknown),
    )


def _override(
    columns: Mapping[str, int], guessed: set[str], mapping: Mapping[str, int]
) -> tuple[dict[str, int], set[str]]:
    taken = set(mapping.values())
    kept = {f: i for f, i in columns.items() if f not in mapping and i not in taken}
    kept.update({f: i for f, i in mapping.items() if i >= 0})
    return kept, {f for f in guessed if f in kept and f not in mapping}


def _title_lines(above: Sequence[Sequence[Cell]]) -> Iterator[str]:
    for row in above:
        distinct = dict.fromkeys(text_of(cell).strip() for cell in row)
        line = " ".join(text for text in distinct if text)
        if line:
            yield line


def _notes(
    columns: Mapping[str, int],
    headers: Sequence[str],
    guessed: set[str],
    unknown: Sequence[tuple[int, str]],
) -> list[Note]:
    notes = [
        Note(
            "header_guessed",
            f"列“{squeeze(headers[columns[code]])}”按相近名称认作“{field_name(code)}”，请核对",
            field=code,
        )
        for code in sorted(guessed)
    ]
    if unknown:
        named = "、".join(f"“{header}”" for _, header in unknown[:20])
        notes.append(Note("header_unknown", f"以下列没有对应的字段，将不导入：{named}"))
    return notes
