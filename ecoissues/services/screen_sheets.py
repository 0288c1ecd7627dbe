"""The list on the screen as a sheet: its rows, its columns, its order, of one list or of several.

Official forms differ from list to list; what the desk gathers from all lists ("my overdue") leaves
in the columns the page shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from ecoissues.core import policy
from ecoissues.core.forms import PAGE_WIDTHS, Column, Form
from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import NUMBER_FLAG, word
from ecoissues.exports.delimited import write_csv
from ecoissues.exports.sheet import Heading, Written
from ecoissues.exports.xlsx import write_xlsx
from ecoissues.services import rows
from ecoissues.services.case_fields import kind_of_list, list_columns
from ecoissues.services.exporting import end_of_log
from ecoissues.services.listing import Filter
from ecoissues.services.site import Site

#: Code of this form in an address, beside those of the official forms.
SCREEN: Final = "screen"
_WIDTHS: Final = {
    "serial": 5.0, "number": 18.0, "title": 40.0, "remains": 24.0, "list": 20.0, "unit": 13.0,
}  # fmt: skip
_ELSE: Final = 10.5


def export_screen(
    site: Site, actor: Actor, asked: Filter, sort: str, columns: str, scope: str, out: Path
) -> Written:
    """Write the rows of a filter in the columns of the page to a path (``.csv`` or ``.xlsx``).

    In: ``sort`` and ``columns`` as in the address of the page, ``scope``: the filter in words.
    Errors: Forbidden without ``case.export``; Refused as in ``find_basis`` and ``write_xlsx``.
    """
    policy.require(actor, "case.export")
    offered = {**rows.COLUMNS, **list_columns(kind_of_list(site, asked.get("list")))}
    shown = rows.chosen_columns(columns, offered)
    if not asked.get("list") and "list" not in shown:
        shown = (*shown, "list")
    between = [name for name in shown if name not in ("number", "state", "due")]
    form = _form(["number", *between, *(one for one in ("state", "due") if one in shown)], offered)
    with site.store.reading() as connection:
        read = _lines(rows.every_row(connection, site, actor, asked, sort, shown), between)
        if out.suffix.lower() == ".csv":
            return write_csv(form, read, out)
        lines = list(read)
        foot = [f"范围：{scope or '全部'}；共 {len(lines)} 件。", *end_of_log(connection, site)]
        unit = site.tree.by_code[actor.unit_code].name
        mine = [row for row in site.lists.values() if asked.get("list") in ("", row.code)]
        heading = Heading(
            list_title=site.get_list(asked.get("list")).title if asked.get("list") else "",
            unit=unit, filled_on=site.today(),
            lines=("演示数据,非真实",) if any(row.is_demo for row in mine) else (),
        )  # fmt: skip
        return write_xlsx(form, heading, lines, foot, out)


def sheet_name(site: Site, asked: Filter, ending: str) -> str:
    """Give the name under which such a sheet is saved."""
    title = site.get_list(asked.get("list")).title if asked.get("list") else ""
    return f"{title}事项列表_{site.today().isoformat()}.{ending}"


def _form(names: Sequence[str], offered: Any) -> Form:
    """Give the form of the columns shown, the wide ones as wide as the page has left."""
    made = [
        Column("serial", "序号", _WIDTHS["serial"], type="integer", align="center", serial=True)
    ]
    made += [Column(name, offered[name], _WIDTHS.get(name, _ELSE)) for name in names]
    if "due" in names:
        made.append(Column("light", "时限灯", 7.0, align="center"))
    spare = PAGE_WIDTHS[True] - sum(column.width + 1 for column in made)
    wide = [
        Column("title", column.header, column.width + spare)
        if column.key == "title" and spare > 0 else column
        for column in made
    ]  # fmt: skip
    return Form(
        code=SCREEN, version=1, zh="事项列表", en="List of cases", title="{list}事项列表",
        sheet="事项列表", columns=tuple(wide),
    )  # fmt: skip


def _lines(found: Iterator[rows.Row], between: Sequence[str]) -> Iterator[dict[str, Any]]:
    for row in found:
        yield {
            **{name: _bare(text) for name, text in zip(between, row.cells, strict=True)},
            "number": row.number + (NUMBER_FLAG if row.key else ""), "state": row.state,
            "due": row.due, "light": word("lights", row.light) if row.light else "",
        }  # fmt: skip


def _bare(text: str) -> str:
    return "" if text == "—" else text
