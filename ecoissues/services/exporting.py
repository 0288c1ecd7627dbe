"""Official sheets of a list: the same rows as the list on the screen, as of the same day.

Each sheet carries in its foot what it needs to be defended later: figures with definition, day and
counts, the scope, the number of rows, and the end of the log it was made from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
from sqlalchemy import Connection, select

from ecoissues.core import policy
from ecoissues.core.errors import Refused
from ecoissues.core.forms import Form
from ecoissues.core.policy import Actor
from ecoissues.exports.catalogue import get_form, load_forms
from ecoissues.exports.delimited import write_csv
from ecoissues.exports.sheet import Heading, Row, Written
from ecoissues.exports.xlsx import write_xlsx
from ecoissues.figures.dispatch import DispatchRow, dispatch_table
from ecoissues.figures.reading import Board, members
from ecoissues.figures.registry import Definition, packaged_definitions
from ecoissues.figures.wording import day_words, sentence
from ecoissues.services import notices
from ecoissues.services.basis import Basis, basis_of
from ecoissues.services.case_fields import widened
from ecoissues.services.ledger_rows import current_rows, past_rows
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow

#: Forms whose rows are units and counts, not cases.
DISPATCH: Final = "dispatch_table"
NOTICE: Final = "batch_notice"
#: What a sheet may be written as.
ENDINGS: Final = (".xlsx", ".csv")
#: Cases stand on a ledger whatever the figures of their kind; any definition over all cases does.
_EVERY_CASE: Final = "closure_rate"
_DIGITS: Final = re.compile(r"(\d+)")


class Asked(msgspec.Struct, frozen=True):
    """Which sheet of which list.

    ``as_of`` and ``known_at`` (an instant as text): None means today and all that is known.
    ``case_ids``: exactly these rows in this order (the list as filtered on the screen), with
    ``scope`` saying in words which they are. ``batch``: name of the batch of a batch notice.
    ``unit``: code of the district or unit the sheet is narrowed to.
    """

    form: str
    list_code: str
    as_of: date | None = None
    known_at: str | None = None
    case_ids: tuple[int, ...] | None = None
    scope: str = ""
    batch: str = ""
    unit: str = ""


def site_forms(site: Site) -> dict[str, Form]:
    """Give the forms of the package and those of the site's folder ``forms``."""
    return load_forms([site.data / "forms"])


def export(site: Site, actor: Actor, asked: Asked, out: Path | BinaryIO) -> Written:
    """Write a sheet to a path (by its ending ``.csv`` or ``.xlsx``) or, as xlsx, to a stream.

    Errors: Forbidden without ``case.export``; NotFound for an unknown form or list; Refused
    ``ending_unknown`` for another ending, and as in ``basis_of`` and ``write_xlsx``; nothing is
    left at a path then.
    """
    policy.require(actor, "case.export")
    if isinstance(out, Path) and out.suffix.lower() not in ENDINGS:
        sentence = f"只能写成 {'、'.join(ENDINGS)} 文件，{out.name} 不是；请改文件名。没有写出文件。"
        raise Refused("ending_unknown", sentence)
    form = get_form(asked.form, site_forms(site))
    with site.store.reading() as connection:
        batch = "" if asked.form == NOTICE else asked.batch  # a notice counts the earlier ones too
        basis = basis_of(
            site, connection, actor, asked.list_code, asked.as_of, asked.known_at, asked.unit, batch
        )
        if asked.form == NOTICE and not asked.batch:
            asked = msgspec.structs.replace(asked, batch=notices.newest_batch(connection, basis))
        if asked.form not in (DISPATCH, NOTICE):
            form = widened(form, site.kind_of(basis.row.kind, basis.row.kind_version))
        rows, totals, count = _body(site, connection, form, basis, asked)
        if isinstance(out, Path) and out.suffix.lower() == ".csv":
            return write_csv(form, rows, out)
        foot = foot_lines(site, connection, basis, asked, count)
        heading = _heading(site, form, basis, asked)
        return write_xlsx(form, heading, rows, foot, out, totals=totals)


def file_name(site: Site, asked: Asked, ending: str = "xlsx") -> str:
    """Give the name under which a sheet is saved: form, list, day."""
    form = get_form(asked.form, site_forms(site))
    title = site.get_list(asked.list_code).title
    day = (asked.as_of or site.today()).isoformat()
    bare = re.sub(r"[\\/:*?\"<>|\s]+", "", f"{title}_{form.zh}_{day}")
    return f"{bare}.{ending}"


def _heading(site: Site, form: Form, basis: Basis, asked: Asked) -> Heading:
    unit = site.tree.by_code[asked.unit or basis.row.unit_code].name
    return Heading(
        list_title=_before(form, basis.row.title), batch=asked.batch, unit=unit, as_of=basis.as_of,
        filled_on=site.today(), lines=("演示数据,非真实",) if basis.row.is_demo else (),
    )  # fmt: skip


def _before(form: Form, title: str) -> str:
    """Give the list's title without the words with which the form's title goes on (…整改任务台账)."""
    after = form.title.partition("{list}")[2].partition("[")[0]
    for length in range(len(after), 1, -1):
        if title.endswith(after[:length]) and len(title) > length:
            return title[:-length]
    return title


def _body(
    site: Site, connection: Connection, form: Form, basis: Basis, asked: Asked
) -> tuple[Iterator[Row], Sequence[Row], int]:
    """Give rows, sum rows and the number of rows of a sheet."""
    if form.code == DISPATCH:
        board = Board(connection, site.tree, basis.row, basis.as_of, basis.known, basis.cut)
        table = dispatch_table(board)
        shown = [dispatch_cells(site, basis.row, line) for line in table]
        units = [cells for line, cells in zip(table, shown, strict=True) if line.sort == "unit"]
        return iter(units), shown[len(units) :], len(units)
    if form.code == NOTICE:
        notice = notices.notice_rows(site, connection, basis, asked.batch)
        return iter(notice[:-1]), notice[-1:], len(notice) - 1
    ids = asked.case_ids if asked.case_ids is not None else case_ids(site, connection, basis)
    if basis.is_now:
        return current_rows(site, connection, ids, basis.row), (), len(ids)
    rows = past_rows(site, connection, ids, basis.as_of, basis.known, basis.row)
    return rows, (), len(ids)


def case_ids(site: Site, connection: Connection, basis: Basis) -> list[int]:
    """Give the cases that stand on a list (void ones apart), by batch and number.

    The same postings as the figures', so the sheet has as many rows as the figure's whole.
    """
    definition = packaged_definitions().get(_EVERY_CASE)
    ids = members(
        connection, site.tree, definition, basis.row, basis.as_of, basis.known, basis.cut, "all"
    )
    c, b = t.cases.c, t.batches.c
    query = (
        select(c.id, b.ordinal, c.number, c.part)
        .outerjoin(t.batches, b.id == c.batch_id)
        .where(c.list_id == basis.row.id)
    )
    order = {
        row.id: (row.ordinal or 0, natural(row.number), row.part)
        for row in connection.execute(query)
    }
    # Cases placed here from other lists follow the list's own.
    return sorted(ids, key=lambda case_id: (case_id not in order, order.get(case_id, ()), case_id))


def natural(number: str) -> tuple[tuple[int, int, str], ...]:
    """Give a sorting key under which 第2项 stands before 第10项."""
    return tuple(
        (0, int(piece), "") if piece.isdecimal() else (1, 0, piece)
        for piece in _DIGITS.split(number)
        if piece
    )


def dispatch_cells(site: Site, row: ListRow, line: DispatchRow) -> dict[str, Any]:
    """Give a line of the dispatch table by the form's columns.

    Figures that the kind does not know are left blank: a rate of something that is not done there
    would read as neglect.
    """
    kind = site.kind_of(row.kind, row.kind_version)
    cells: dict[str, Any] = {"name": line.name, **line.counts}
    cells.update({code: value for code, value in line.rates.items() if code in kind.figures})
    slots = {clock.slot for clock in kind.clocks}
    if "report" not in slots:
        cells["reported"] = cells["overdue_report"] = None
    if "finish" not in slots:
        cells["overdue_finish"] = None
    return cells


def definitions_of(site: Site, row: ListRow) -> list[Definition]:
    """Give the definitions of the figures that apply to a list, the leading one first."""
    kind = site.kind_of(row.kind, row.kind_version)
    known = packaged_definitions()
    return [found for code in kind.figures if (found := known.find(code)) is not None]


def foot_lines(
    site: Site, connection: Connection, basis: Basis, asked: Asked, count: int
) -> list[str]:
    """Give the lines under a sheet: figures, scope and number of rows, end of the log."""
    row = basis.row
    late = day_words(basis.known.on) if basis.known.on else ""
    unit = site.tree.by_code[asked.unit].name if asked.unit else ""
    board = Board(connection, site.tree, row, basis.as_of, basis.known, basis.cut)
    lines = [
        sentence(board.figure(found), found, row.title, unit, late)
        for found in definitions_of(site, row)[:2]
    ]
    sort = "行" if asked.form in (DISPATCH, NOTICE) else "件"
    scope = f"范围：{asked.scope or '本清单计入总数的全部事项'}；共 {count} {sort}。"
    if asked.case_ids is not None:
        scope += "上列指标为全清单口径。"
    void = board.total["void"]
    if void and asked.case_ids is None:
        scope += f"不计入的（不予受理、撤回、误录）另有 {void} 件，未列。"
    lines.append(scope)
    until = f"生效截至 {basis.as_of}，{f'知悉截至 {late}' if late else f'导出于 {site.today()}'}"
    return [*lines, *end_of_log(connection, site, until)]


def end_of_log(connection: Connection, site: Site, until: str = "") -> list[str]:
    """Give the line that says from which end of the log a sheet was made; none without events."""
    query = select(t.events.c.pos, t.events.c.digest).order_by(t.events.c.pos.desc()).limit(1)
    last = connection.execute(query).first()
    if last is None:
        return []
    until = until or f"导出于 {site.today()}"
    return [f"数据基础：日志第 {last.pos} 位，摘要 {last.digest[:16]}；{until}。"]
