"""Choosing the sheet of a workbook that holds the list: covers and notes often stand before it."""

from __future__ import annotations

from collections.abc import Mapping

from ecoissues.core.errors import Refused
from ecoissues.intake.layout import Note, find_layout
from ecoissues.intake.limits import Limits
from ecoissues.intake.sheet import RawSheet, read_sheet

#: Sheets looked through for a header; a workbook with more of them names the one wanted.
_TRIED = 8


def read_list_sheet(
    content: bytes,
    name: str,
    limits: Limits,
    wanted: str = "",
    mapping: Mapping[str, int] | None = None,
    own: Mapping[str, str] | None = None,
) -> RawSheet:
    """Read the wanted sheet, else the first shown one under whose title a header stands.

    In: the file's bytes; ``wanted`` a sheet's name; ``mapping`` and ``own`` as ``find_layout``
    takes them. Where no sheet has a header, the first one is given: the caller's own search says
    so. Raises Refused as ``read_sheet`` does.
    """
    first = read_sheet(content, name, limits, sheet=wanted or None)
    if wanted or _has_header(first, mapping, own):
        return first
    for other in first.shown[:_TRIED]:
        if other == first.sheet:
            continue
        try:
            found = read_sheet(content, name, limits, sheet=other)
        except Refused:
            continue  # empty or beyond the limits; the sheet chosen speaks for the file
        if _has_header(found, mapping, own):
            return found
    return first


def _has_header(
    raw: RawSheet, mapping: Mapping[str, int] | None, own: Mapping[str, str] | None
) -> bool:
    try:
        find_layout(raw.rows, mapping, own=own)
    except Refused:
        return False
    return True


def other_sheets(raw: RawSheet) -> list[Note]:
    """Say which other shown sheets the workbook has, so that none is left behind unseen."""
    others = [name for name in raw.shown if name != raw.sheet]
    if not others:
        return []
    named = "、".join(f"“{name}”" for name in others[:10]) + ("等" if len(others) > 10 else "")
    sentence = f"本次读取工作表“{raw.sheet}”；另有工作表{named}没有读取，需要时请另选工作表再导入"
    return [Note("sheets_left", sentence)]
