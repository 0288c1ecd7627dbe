"""A page of the list: rows as they are shown, from one efficient query, no entity per row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, select

from ecoissues.core.events import live
from ecoissues.core.kinds import Kind
from ecoissues.core.life import fold
from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import CHANNELS, PROGRESS, ROLES, TYPES, VERDICTS, WEIGHTS
from ecoissues.services import listing
from ecoissues.services.listing import Filter
from ecoissues.services.membership import Basis, find_basis
from ecoissues.services.site import Site
from ecoissues.storage import log
from ecoissues.storage import tables as t

PER_PAGE: Final = 50

#: Column -> heading, in the order shown; the first ones are shown unless the address says else.
COLUMNS: Final[Mapping[str, str]] = {
    "number": "编号", "title": "事项", "unit": "责任单位", "type": "类型", "state": "状态",
    "due": "到期日", "waits": "等待", "moved": "最近办理", "district": "区县", "received": "受理日期",
    "verdict": "是否属实", "weight": "重点程度", "batch": "批次", "channel": "来源", "site": "点位",
    "progress": "进度", "reported": "反馈日期", "closed": "办结日期", "promised": "承诺日期",
    "remains": "剩余工作", "list": "清单",
}  # fmt: skip
DEFAULT: Final = ("number", "title", "unit", "type", "state", "due", "waits", "moved")
#: Heading -> column it sorts by.
SORTS: Final[Mapping[str, ColumnElement[Any]]] = {
    "number": t.cases.c.number, "unit": t.cases.c.unit_id, "type": t.cases.c.primary_type,
    "state": t.cases.c.state, "due": t.cases.c.due_on, "waits": t.cases.c.waits_for,
    "moved": t.cases.c.moved_on, "district": t.cases.c.top_id, "received": t.cases.c.received_on,
    "verdict": t.cases.c.verdict, "weight": t.cases.c.weight, "batch": t.cases.c.batch_id,
    "closed": t.cases.c.closed_on, "promised": t.cases.c.promised_on,
    "reported": t.cases.c.reported_on, "list": t.cases.c.list_id,
}  # fmt: skip
_C = t.cases.c
_SHOWN = (
    _C.id, _C.list_id, _C.number, _C.part, _C.kind, _C.kind_version, _C.state, _C.phase, _C.title,
    _C.unit_id, _C.top_id, _C.types, _C.weight, _C.due_on, _C.due_report, _C.due_finish,
    _C.waits_for, _C.moved_on, _C.came_back, _C.merged_into_id,
)  # fmt: skip
#: Read only when their column is shown.
_EXTRA: Final[Mapping[str, ColumnElement[Any]]] = {
    "received": _C.received_on, "verdict": _C.verdict, "batch": t.batches.c.name,
    "channel": _C.channel, "site": _C.site, "progress": _C.progress, "reported": _C.reported_on,
    "closed": _C.closed_on, "promised": _C.promised_on, "remains": _C.facts,
}  # fmt: skip
_WORDS: Final = {"verdict": VERDICTS, "channel": CHANNELS, "progress": PROGRESS}


class Row(msgspec.Struct, gc=False):
    """One row as it is shown; ``cells`` are plain texts in the order of the columns asked for."""

    id: int
    number: str
    key: bool
    state: str
    phase: str
    light: str
    due: str
    back: bool
    merged: bool
    title: str
    cells: list[str]


class Page(msgspec.Struct):
    """A page of the list: its rows, how many there are in all, and what it stands on."""

    rows: list[Row]
    total: int
    number: int
    columns: tuple[str, ...]
    sort: str
    basis: Basis | None = None

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PER_PAGE))


def chosen_columns(text: str) -> tuple[str, ...]:
    """Read the columns an address names; unknown ones are left out, none means the usual ones."""
    asked = [name for name in text.split(",") if name in COLUMNS]
    return tuple(name for name in COLUMNS if name in asked) or DEFAULT


def read_page(
    site: Site, actor: Actor, asked: Filter, *, sort: str = "", columns: str = "", number: int = 1
) -> Page:
    """Read one page of a filter's cases: one query for the rows, one for their number.

    In: ``sort``, a column with ``-`` before it for descending (default: nearest due first).
    """
    shown = chosen_columns(columns)
    with site.store.reading() as connection:
        basis = find_basis(connection, site, asked.values)
        where = listing.conditions(connection, site, actor, asked)
        total = int(connection.execute(_counting(where)).scalar_one())
        number = max(1, min(number, -(-total // PER_PAGE)))
        query = _query(where, sort, shown).limit(PER_PAGE).offset((number - 1) * PER_PAGE)
        found = connection.execute(query).all() if total else []
        maker = _Maker(site, shown)
        rows = [maker.row(each) for each in found]
        if basis is not None and rows and basis.as_of < site.today():
            _date_back(connection, site, rows, found, basis, shown)
    return Page(rows, total, number, shown, sort, basis)


def _counting(where: list[ColumnElement[bool]]) -> Any:
    from sqlalchemy import func

    return select(func.count()).select_from(t.cases).where(*where)


def _query(where: list[ColumnElement[bool]], sort: str, shown: tuple[str, ...]) -> Any:
    extra = [_EXTRA[name].label(f"x_{name}") for name in shown if name in _EXTRA]
    query = select(*_SHOWN, *extra).where(*where)
    if "batch" in shown:
        query = query.select_from(
            t.cases.outerjoin(t.batches, t.batches.c.id == t.cases.c.batch_id)
        )
    column = SORTS.get(sort.lstrip("-"))
    if column is None:
        return query.order_by(_C.due_on.asc().nulls_last(), _C.id)
    if sort.startswith("-"):
        return query.order_by(column.desc().nulls_last(), _C.id.desc())
    return query.order_by(column.asc().nulls_last(), _C.id)


class _Maker:
    """Turns rows of the database into rows of the page; what rows share is looked up once."""

    def __init__(self, site: Site, shown: tuple[str, ...]) -> None:
        self.site = site
        self.cells = tuple(name for name in shown if name not in ("number", "state", "due"))
        self.today = site.today().isoformat()
        self.yellow = {
            kind: {slot: day.isoformat() for slot, day in slots.items()}
            for kind, slots in listing.yellow_days(site).items()
        }

    def row(self, found: Any) -> Row:
        kind = self.site.kinds[(found.kind, found.kind_version)]
        number = f"{found.number}-{found.part}" if found.part else found.number
        return Row(
            id=found.id, number=number, key=found.weight == "key",
            state=kind.state_by_code[found.state].zh, phase=found.phase,
            light=self.light(found), due=found.due_on or "", back=found.came_back,
            merged=found.merged_into_id is not None, title=found.title,
            cells=[self.cell(name, found, kind) for name in self.cells],
        )  # fmt: skip

    def light(self, found: Any) -> str:
        if not found.due_on:
            return ""
        if found.due_on < self.today:
            return "red"
        yellow = self.yellow[found.kind]
        near = (found.due_report and found.due_report <= yellow.get("report", "")) or (
            found.due_finish and found.due_finish <= yellow.get("finish", "")
        )
        return "yellow" if near else "green"

    def cell(self, name: str, found: Any, kind: Kind) -> str:
        units = self.site.tree.by_id
        match name:
            case "title":
                return str(found.title)
            case "unit":
                return units[found.unit_id].short
            case "district":
                return units[found.top_id].short
            case "type":
                return "、".join(TYPES[c][0] if c in TYPES else c for c in found.types.split(",") if c)
            case "waits":
                return ROLES[found.waits_for][0] if found.waits_for else "—"
            case "moved":
                return str(found.moved_on)
            case "weight":
                return WEIGHTS[found.weight][0]
            case "list":
                return self.site.lists[found.list_id].title
            case "remains":
                facts = msgspec.json.decode(found.x_remains)
                return str(facts.get("remains") or facts.get("open_reason") or "—")[:120]
        value = getattr(found, f"x_{name}") or ""
        pair = _WORDS[name].get(value) if name in _WORDS else None
        return pair[0] if pair else str(value) or "—"


def _date_back(
    connection: Connection,
    site: Site,
    rows: list[Row],
    found: Iterable[Any],
    basis: Basis,
    shown: tuple[str, ...],
) -> None:
    """Show state, due day and unit as they stood on the day of the figure."""
    by_id = {row.id: row for row in rows}
    kinds = {each.id: site.kinds[(each.kind, each.kind_version)] for each in found}
    cells = tuple(name for name in shown if name not in ("number", "state", "due"))
    for case_id, events in log.events_of_cases(connection, sorted(by_id)):
        life = fold(live(events, basis.known.pos), basis.as_of)
        row, kind = by_id[case_id], kinds[case_id]
        if not life.state:
            continue
        state = kind.state_by_code[life.state]
        row.state, row.phase = state.zh, state.phase
        face = next((f for f in life.running() if f.slot != "wait"), None)
        due: date | None = face.current if face else None
        row.due = due.isoformat() if due else ""
        row.light = "" if due is None else ("red" if due < basis.as_of else "green")
        lead = next(code for code, party in life.parties if party == "lead")
        then = {
            "unit": site.tree.by_code[lead].short,
            "waits": ROLES[state.waits_for][0] if state.waits_for else "—",
            "moved": life.moved_on.isoformat() if life.moved_on else "—",
            "remains": str(life.fields.get("remains") or life.fields.get("open_reason") or "—")[:120],
        }  # fmt: skip
        for place, name in enumerate(cells):
            row.cells[place] = then.get(name, row.cells[place])
