"""The rows of the list as HTML, written in one piece.

A template runs some 3,000 small steps for fifty rows; this is the one place where that shows, so
the rows are written here and the page takes them whole. Every text is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape as escape_slowly
from typing import Final

from markupsafe import Markup

from ecoissues.core.vocabulary import LIGHTS
from ecoissues.services.rows import Page, Row

_CHASED: Final = ("open", "phase_closed", "completed")

#: Units, states, types and days come again on every page: each is escaped once.
escape = lru_cache(maxsize=20_000)(escape_slowly)


def rows(page: Page, cells: Sequence[tuple[str, str]], *, may_chase: bool) -> Markup:
    """Give the body of the table. In: (heading, class) of each cell between number and state.

    Classes used, for the style sheet: nowrap flag badge phase-* tag light light-* muted act btn.
    """
    opening = [
        f'<td data-label="{escape(label)}"' + (f' class="{sort}">' if sort else ">")
        for label, sort in cells
    ]
    has_state, has_due = "state" in page.columns, "due" in page.columns
    parts = []
    for row in page.rows:
        parts.append(_head(row))
        parts.extend(
            f"{begin}{escape(text)}</td>" for begin, text in zip(opening, row.cells, strict=True)
        )
        if has_state:
            parts.append(_state(row))
        if has_due:
            parts.append(_due(row))
        if may_chase:
            parts.append(_chase(row))
        parts.append("</tr>\n")
    return Markup("".join(parts))  # noqa: S704  # every text above is escaped


def _head(row: Row) -> str:
    flag = '<b class="flag" title="重点">*</b>' if row.key else ""
    number = escape(row.number)
    return f'<tr><th scope="row" class="nowrap"><a href="/cases/{row.id}">{number}</a>{flag}</th>'


def _state(row: Row) -> str:
    back = ' <b class="tag">退</b>' if row.back else ""
    merged = ' <b class="tag">并</b>' if row.merged else ""
    state = f'<span class="badge phase-{row.phase}">{escape(row.state)}</span>'
    return f'<td data-label="状态">{state}{back}{merged}</td>'


def _due(row: Row) -> str:
    if not row.due:
        return '<td data-label="到期日"><span class="muted">—</span></td>'
    light = f'<span class="light light-{row.light}">{LIGHTS[row.light][0]}</span>'
    return f'<td data-label="到期日" class="nowrap">{row.due} {light}</td>'


def _chase(row: Row) -> str:
    if row.phase not in _CHASED or row.merged:
        return '<td class="no-print act"></td>'
    return (
        f'<td class="no-print act"><button class="btn btn-small" form="listed" '
        f'formaction="/cases/{row.id}/steps/chase" aria-label="催办 {escape(row.number)}">'
        "催办</button></td>"
    )


@lru_cache(maxsize=1_000)
def options(choices: tuple[tuple[str, str], ...], chosen: str) -> Markup:
    """Give the options of a filter, one of them chosen."""
    parts = ['<option value="">全部</option>']
    for key, label in choices:
        mark = " selected" if key == chosen else ""
        parts.append(f'<option value="{escape(key)}"{mark}>{escape(label)}</option>')
    return Markup("".join(parts))  # noqa: S704  # every text above is escaped
