"""What the board's pages show, each read in one consistent snapshot."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select

from ecoissues.core.errors import Refused
from ecoissues.core.forms import Column, Form
from ecoissues.core.policy import Actor
from ecoissues.core.units import Unit
from ecoissues.figures.dispatch import COUNTS, DispatchRow, dispatch_table
from ecoissues.figures.grouping import FIELD
from ecoissues.figures.joint_lines import JOINT_ROW
from ecoissues.figures.moves import Comparison
from ecoissues.figures.reading import Board, Figure
from ecoissues.figures.registry import Definition, packaged_definitions
from ecoissues.figures.wording import day_words
from ecoissues.services import behind, boards, periods
from ecoissues.services.basis import Basis, basis_of
from ecoissues.services.behind import Behind, Rows
from ecoissues.services.boards import BoardPage
from ecoissues.services.case_fields import PREFIX, filter_controls
from ecoissues.services.exporting import DISPATCH, definitions_of, dispatch_cells, site_forms
from ecoissues.services.listing import Filter
from ecoissues.services.periods import Moved
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow

#: Rows of a page of cases behind a number.
SIZE: Final = 50
#: Columns of the dispatch table -> what is asked to open their rows.
_OPENS: Final[dict[str, dict[str, str]]] = {
    **{name: {"account": name} for name in COUNTS if name in behind.ACCOUNTS},
    "closed": {"figure": "closure_rate", "members": "part"},
}


#: Groupings offered on the page of lines, beside the choices of the list's own kind.
GROUPED: Final[dict[str, str]] = {
    "phase": "阶段", "outcome": "处理结果", "district": "区县（部门）", "unit": "单位",
    "type": "问题类型", "problem": "问题个数", "month": "登记月份", "due": "办结期限",
    "weight": "重点程度", "verdict": "是否属实", "channel": "来电来信", "clock": "逾期的时限",
}  # fmt: skip
#: Groupings whose lines are parts of all cases, whatever the figure.
_OF_ALL: Final = ("phase", "outcome", "verdict", "channel", "clock")
#: Lines whose account is called otherwise.
_ACCOUNT: Final = {
    "report": "overdue_report", "finish": "overdue_finish", "call": "calls", "letter": "letters",
}  # fmt: skip


class Asked(msgspec.Struct, frozen=True):
    """What an address of the board says; empty and None mean: the first list, today, all."""

    list_code: str = ""
    as_of: date | None = None
    known_at: str = ""
    unit: str = ""
    batch: str = ""


class Frame(msgspec.Struct, frozen=True):
    """What every page of the board shows beside its own: the choices and what was chosen."""

    lists: list[ListRow]
    basis: Basis
    day_words: str
    batches: list[str]
    batch_note: str
    units: list[Unit]
    unit: str
    unit_name: str
    known_at: str


class Dispatch(msgspec.Struct, frozen=True):
    """The dispatch table: form, columns in use, (line, cells by column key)."""

    form: Form
    columns: list[Column]
    lines: list[tuple[DispatchRow, dict[str, Any]]]
    by: str


def list_of(site: Site, actor: Actor, asked: Asked) -> str:
    """Give the code of the list that is asked for, else of the first in scope, else nothing."""
    if asked.list_code:
        return asked.list_code
    with site.store.reading() as connection:
        lists = boards.lists_for(site, connection, actor)
    return lists[0].code if lists else ""


def read_board(
    site: Site, actor: Actor, asked: Asked, leading: str = ""
) -> tuple[Frame, BoardPage] | None:
    """Read the board. None: there is no list in the actor's scope. Errors as ``basis_of``."""
    with site.store.reading() as connection:
        frame = _frame(site, connection, actor, asked)
        if frame is None:
            return None
        return frame, boards.make_board(site, connection, actor, frame.basis, leading)


def read_comparison(
    site: Site, actor: Actor, asked: Asked, code: str, against: str
) -> tuple[Frame, Definition, list[Definition], Comparison, list[Moved]] | None:
    """Read a figure (empty: the first of the list's kind) at two dates (see ``periods.compare``)."""
    with site.store.reading() as connection:
        frame = _frame(site, connection, actor, asked)
        if frame is None:
            return None
        definitions = definitions_of(site, frame.basis.row)
        chosen = code or definitions[0].code
        found, moved = periods.compare(site, connection, frame.basis, chosen, against or "month")
        definition = packaged_definitions().get(chosen)
        if definition not in definitions:
            definitions = [*definitions, definition]
        return frame, definition, definitions, found, moved


def read_rows(
    site: Site, actor: Actor, asked: Asked, what: Behind, page: int
) -> tuple[Frame, Rows, list[dict[str, Any]]] | None:
    """Read a page (from 1) of the cases behind a number, as they stood on its day."""
    with site.store.reading() as connection:
        frame = _frame(site, connection, actor, asked)
        if frame is None:
            return None
        found = behind.rows_behind(site, connection, frame.basis, what)
        rows = behind.shown_rows(site, connection, frame.basis, found.ids, page, SIZE)
        return frame, found, rows


def read_dispatch(
    site: Site, actor: Actor, asked: Asked, by: str = ""
) -> tuple[Frame, Dispatch] | None:
    """Read the dispatch table by ``district`` or ``unit`` (empty: whichever the list spans)."""
    with site.store.reading() as connection:
        frame = _frame(site, connection, actor, asked)
        if frame is None:
            return None
        basis = frame.basis
        grouping = by or boards.grouping_of(site, basis)
        board = Board(connection, site.tree, basis.row, basis.as_of, basis.known, basis.cut)
        table = dispatch_table(board, "unit" if grouping == "unit" else "district")
    form = site_forms(site)[DISPATCH]
    lines = [(line, dispatch_cells(site, basis.row, line)) for line in table]
    used = [
        column
        for column in form.columns
        if column.key != "name" and any(cells.get(column.key) is not None for _, cells in lines)
    ]
    return frame, Dispatch(form, used, lines, grouping)


class Groups(msgspec.Struct, frozen=True):
    """A figure line by line: the groupings one may choose (key, label), and what was chosen."""

    definition: Definition
    definitions: list[Definition]
    by: str
    choices: list[tuple[str, str]]
    figure: Figure
    labels: dict[str, str]


def read_groups(
    site: Site, actor: Actor, asked: Asked, code: str = "", by: str = ""
) -> tuple[Frame, Groups] | None:
    """Read a figure (empty: the first of the list's kind) line by line (empty: by phase).

    Refused ``cut_unknown`` for another grouping, ``figure_unknown``; else errors as ``basis_of``.
    """
    with site.store.reading() as connection:
        frame = _frame(site, connection, actor, asked)
        if frame is None:
            return None
        basis = frame.basis
        definitions = definitions_of(site, basis.row)
        known, by = packaged_definitions(), by or "phase"
        fields = _choices_of(site, basis.row)
        choices = [*GROUPED.items(), *((key, label) for key, (label, _) in fields.items())]
        if by not in dict(choices):
            raise Refused("cut_unknown", f"这个清单没有“{by[:20]}”这样的分组，请从页面上选择。")
        definition = known.get(code or definitions[0].code)
        if by == "clock" and "overdue" not in definition.part:
            definition = known.get("overdue")  # of the other figures no clock is asked
        if definition not in definitions:
            definitions = [*definitions, definition]
        board = Board(connection, site.tree, basis.row, basis.as_of, basis.known, basis.cut)
        figure = board.figure(definition, by)
    labels = {"yes": "是", "no": "否", **dict(fields[by][1])} if by in fields else {}
    return frame, Groups(definition, definitions, by, choices, figure, labels)


def _choices_of(site: Site, row: ListRow) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Give the groupings by the choices of a list's own kind: key -> (label, options)."""
    own = filter_controls(site.kind_of(row.kind, row.kind_version))
    return {
        FIELD + key.removeprefix(PREFIX): (label, options) for key, label, options in own if options
    }


def line_href(site: Site, basis: Basis, groups: Groups, key: str, members: str) -> str:
    """Give the address of the cases behind a line's ``part`` or whole (``all``); empty for none."""
    by, figure = groups.by, {"figure": groups.definition.code, "members": members}
    if by in ("district", "unit"):
        more = {**figure, "district": key, "own": behind.own_of(site, by, key)}
        return boards.address("/board/rows", basis, site, **more) if key != JOINT_ROW else ""
    if by in _OF_ALL:
        if members == "part":
            more = {"outcome": key} if by == "outcome" else {"account": _ACCOUNT.get(key, key)}
        elif by == "verdict":  # of those that were verified
            more = {"figure": "substantiated_rate", "members": "all"}
        else:
            more = {"account": "cases"}
        known = more.get("account", "cases") in behind.ACCOUNTS
        return boards.address("/board/rows", basis, site, **more) if known else ""
    return boards.address("/board/rows", basis, site, **figure, by=by, key=key)


def dispatch_href(site: Site, basis: Basis, key: str, unit: str, by: str) -> str:
    """Give the address of the rows behind a cell of a dispatch table by ``by``; empty for a rate."""
    if key not in _OPENS:
        return ""
    own = behind.own_of(site, by, unit)
    return boards.address("/board/rows", basis, site, **_OPENS[key], district=unit, own=own)


def list_href(basis: Basis, what: Behind, unit: str) -> str:
    """Give the address of the same rows in the list of cases; empty where a list cannot say it."""
    if not what.figure or what.own or what.by:
        return ""
    values = {
        "list": basis.row.code, "figure": what.figure, "members": what.members,
        "as_of": "" if basis.is_now else basis.as_of.isoformat(), "batch": basis.batch,
        "known_at": basis.known.at or "", "district": what.district or unit,
    }  # fmt: skip
    return Filter.read(values).address()


def _batch_note(days: list[str | None] | None) -> str:
    """Say when a batch was handed over and when its results are due, as far as that is known."""
    handed_over_on, due_on = days or (None, None)
    told = (
        f"{handed_over_on} 转办" if handed_over_on else "",
        f"结果应于 {due_on} 前报结" if due_on else "",
    )
    return "，".join(filter(None, told))


def _frame(site: Site, connection: Connection, actor: Actor, asked: Asked) -> Frame | None:
    lists = boards.lists_for(site, connection, actor)
    code = asked.list_code or (lists[0].code if lists else "")
    if not code:
        return None
    basis = basis_of(
        site, connection, actor, code, asked.as_of, asked.known_at or None, asked.unit,
        asked.batch,
    )  # fmt: skip
    b = t.batches.c
    query = (
        select(b.name, b.handed_over_on, b.results_due_on)
        .where(b.list_id == basis.row.id)
        .order_by(b.ordinal.desc())
    )
    batches = {name: days for name, *days in connection.execute(query)}
    unit = site.tree.by_code.get(asked.unit)
    return Frame(
        lists=lists, basis=basis, day_words=day_words(basis.as_of),
        batches=list(batches), batch_note=_batch_note(batches.get(basis.batch)),
        units=[unit for unit in site.tree.tops() if unit.path.startswith(actor.scope_path)],
        unit=asked.unit, unit_name=unit.name if unit else "", known_at=asked.known_at,
    )  # fmt: skip
