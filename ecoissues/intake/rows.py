"""Rows of a sheet as cases would have them: values, problems that refuse, notes that do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ecoissues.intake.body import data_lines
from ecoissues.intake.layout import Layout, Note
from ecoissues.intake.regions import RegionNames
from ecoissues.intake.sheet import RawSheet, Remark
from ecoissues.intake.values import Draft, read_values


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is refused: the field at fault, a code, and a sentence that tells the cure.

    Codes: ``number_missing``, ``number_damaged``, ``content_missing``, ``<field>_missing``,
    ``duplicate_in_file``, ``region_missing``; services add their own (unit unknown, no right).
    """

    field: str
    code: str
    sentence: str


@dataclass(slots=True)
class IntakeRow:
    """One row read. ``line`` is the line of the sheet, ``values`` hold field code → value.

    Values: texts; ``number`` in its one spelling and ``key`` (the ``*``); ``types`` a tuple of
    type keys, ``types_text`` the words as written; ``verdict``, ``channel``, ``progress``,
    ``weight`` keys of the vocabulary; ``finished`` a phase; ``…_on`` and ``notice_…`` days;
    ``deadline_text`` as written with ``deadline_on`` where it is a day; ``regions`` and units as
    codes where names were handed in (``…_codes``); ``outcomes`` suggestions. A field that the
    sheet leaves blank is absent: a blank never clears anything.
    """

    line: int
    values: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Say whether the row cannot be taken as it is."""
        return bool(self.problems)


@dataclass(frozen=True, slots=True)
class Needs:
    """What the kind of list asks of a row; the service makes it from the kind's document.

    ``number_fields`` and ``content_fields``: the first one filled becomes ``number`` and
    ``content``. ``required``: further fields that must be filled. ``patterns``: regular
    expressions of usual numbers, to note, never to refuse. ``number_from_ordinal``: the user
    agrees that a row without a number takes 批次 + 序号 as its number.
    """

    number_fields: tuple[str, ...] = ("number", "task_number")
    content_fields: tuple[str, ...] = ("content", "problem")
    required: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    number_from_ordinal: bool = False
    regions: RegionNames | None = None
    units: RegionNames | None = None


_REMARKED = {"control_removed", "digits_lost", "cell_error", "formula_empty"}


def _add_remarks(row: IntakeRow, remarks: Iterable[Remark], fields: Mapping[int, str]) -> None:
    for remark in remarks:
        code = fields.get(remark.column)
        if code is None or remark.code not in _REMARKED:
            continue
        if remark.code == "digits_lost" and code in ("number", "task_number"):
            row.problems.append(
                Problem(
                    code,
                    "number_damaged",
                    f"{remark.sentence}；请把该列设为文本格式并重新填写编号。",
                )
            )
        else:
            row.notes.append(Note(remark.code, remark.sentence, row.line, code))


def _row(draft: Draft, line: int) -> IntakeRow:
    problems = [Problem(*problem) for problem in draft.problems]
    notes = [Note(code, sentence, line, of) for of, code, sentence in draft.notes]
    return IntakeRow(line, draft.values, problems, notes)


def read_rows(sheet: RawSheet, layout: Layout, needs: Needs | None = None) -> Iterator[IntakeRow]:
    """Read the rows under the header, one by one.

    In: the sheet, its layout, what the kind needs. Out: a row for each line that is a case;
    total rows, repeated headers, section lines and footers are left out (``dropped_lines`` gives
    them with the reason). A second row with the number of an earlier one gets the problem
    ``duplicate_in_file``, in whatever spelling.
    """
    wanted = needs or Needs()
    fields = {column: code for code, column in layout.columns.items()}
    by_line: dict[int, list[Remark]] = {}
    for remark in sheet.remarks:
        by_line.setdefault(remark.line, []).append(remark)
    first_seen: dict[str, int] = {}
    for line, _ in data_lines(sheet, layout):
        row = _row(read_values(sheet.rows[line - 1], layout, wanted), line)
        _add_remarks(row, by_line.get(line, ()), fields)
        _check_duplicate(row, first_seen)
        yield row


def _check_duplicate(row: IntakeRow, first_seen: dict[str, int]) -> None:
    number = row.values.get("number")
    if not number:
        return
    first = first_seen.setdefault(number, row.line)
    if first != row.line:
        row.problems.append(
            Problem(
                "number",
                "duplicate_in_file",
                f"编号 {number} 与第 {first} 行重复；请只保留一行，或为分解件另编号。",
            )
        )


def counted(rows: Iterable[IntakeRow]) -> tuple[int, int]:
    """Count rows: (that can be taken, that are refused)."""
    taken = refused = 0
    for row in rows:
        if row.refused:
            refused += 1
        else:
            taken += 1
    return taken, refused
