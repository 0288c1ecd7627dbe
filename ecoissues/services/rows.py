"""A page of the list: rows as they are shown, from one efficient query, no entity per row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Integer, bindparam, select

from ecoissues.core.clock_rules import shown_instant
from ecoissues.core.events import live
from ecoissues.core.kinds import COUNTED_SLOTS, Kind
from ecoissues.core.life import fold
from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import CHANNELS, PROGRESS, ROLES, TYPES, VERDICTS, WEIGHTS
from ecoissues.services import listing
from ecoissues.services.case_fields import (
    PREFIX,
    expression,
    kind_of_list,
    list_cell,
    list_columns,
)
from ecoissues.services.due_filters import Lights
from ecoissues.services.kept_statements import kept
from ecoissues.services.listing import Filter
from ecoissues.services.membership import Basis, find_basis
from ecoissues.services.placed_rows import own_standings, placed_name, standing_name
from ecoissues.services.site import Site
from ecoissues.storage import log
from ecoissues.storage import tables as t
from ecoissues.storage.prepared import Prepared

PER_PAGE: Final = 50
#: Rows read at once for a sheet of all of them.
_AT_ONCE: Final = 5_000

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
    _C.due_at, _C.waits_for, _C.moved_on, _C.came_back, _C.merged_into_id,
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
    offered: Mapping[str, str] = msgspec.field(default_factory=lambda: COLUMNS)

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PER_PAGE))


def chosen_columns(text: str, offered: Mapping[str, str] = COLUMNS) -> tuple[str, ...]:
    """Read the columns an address names; unknown ones are left out, none means the usual ones."""
    asked = [name for name in text.split(",") if name in offered]
    return tuple(name for name in offered if name in asked) or DEFAULT


def read_page(
    site: Site, actor: Actor, asked: Filter, *, sort: str = "", columns: str = "", number: int = 1
) -> Page:
    """Read one page of a filter's cases: one query for the rows, one for their number.

    In: ``sort``, a column with ``-`` before it for descending (default: nearest due first).
    """
    kind = kind_of_list(site, asked.get("list"))
    offered = {**COLUMNS, **list_columns(kind)}
    shown = chosen_columns(columns, offered)
    with site.store.reading() as connection:
        basis = find_basis(connection, site, asked.values)
        total = listing.count(connection, site, actor, asked)
        number = max(1, min(number, -(-total // PER_PAGE)))
        place = {"most": PER_PAGE, "skip": (number - 1) * PER_PAGE}
        reading = _reading(connection, site, actor, asked, sort, shown, kind)
        found = reading.run(connection, place) if total else []
        rows = _made(connection, site, found, asked, shown, kind, basis)
    return Page(rows, total, number, shown, sort, basis, offered)


def every_row(
    connection: Connection, site: Site, actor: Actor, asked: Filter, sort: str,
    shown: tuple[str, ...],
) -> Iterator[Row]:  # fmt: skip
    """Give all rows of a filter as the pages of the list show them, some thousands at a time."""
    kind = kind_of_list(site, asked.get("list"))
    basis = find_basis(connection, site, asked.values)
    reading = _reading(connection, site, actor, asked, sort, shown, kind)
    for skip in range(0, listing.count(connection, site, actor, asked), _AT_ONCE):
        found = reading.run(connection, {"most": _AT_ONCE, "skip": skip})
        yield from _made(connection, site, found, asked, shown, kind, basis)


def _made(
    connection: Connection, site: Site, found: Sequence[Sequence[Any]], asked: Filter,
    shown: tuple[str, ...], kind: Kind | None, basis: Basis | None,
) -> list[Row]:  # fmt: skip
    """Make what was read into rows, as they stand on the list asked for and on its day."""
    maker = Maker(site, shown, kind)
    rows = [maker.row(each) for each in found]
    if asked.get("list"):
        _show_own(connection, site, rows, found, asked.get("list"), shown)
    if basis is not None and rows and basis.as_of < site.today():
        _date_back(connection, site, rows, found, basis, shown, asked.get("list"))
    return rows


def _reading(
    connection: Connection, site: Site, actor: Actor, asked: Filter, sort: str,
    shown: tuple[str, ...], kind: Kind | None,
) -> Prepared:  # fmt: skip
    """Give the statement that reads a page of a filter's rows."""
    key = listing.depends_on(connection, site, actor, asked)

    def make() -> Any:
        where = listing.conditions(connection, site, actor, asked)
        return _query(where, sort, shown, own_order(kind, sort, connection.dialect.name))

    return kept(None if key is None else ("rows", *key, sort, shown), make)


def own_order(kind: Kind | None, sort: str, dialect: str) -> ColumnElement[Any] | None:
    """Give what a field of the kind's own sorts by, None for every other column."""
    item = kind.field_by_code.get(sort.lstrip("-").removeprefix(PREFIX)) if kind else None
    return expression(item, dialect) if item and PREFIX in sort else None


def _extra(shown: tuple[str, ...]) -> list[str]:
    """Name the columns read beside those always read; own fields share the field values."""
    found = [name for name in shown if name in _EXTRA]
    own = any(name.startswith(PREFIX) for name in shown) and "remains" not in found
    return [*found, "remains"] if own else found


def _query(
    where: list[ColumnElement[bool]], sort: str, shown: tuple[str, ...],
    own: ColumnElement[Any] | None,
) -> Any:  # fmt: skip
    extra = [_EXTRA[name] for name in _extra(shown)]
    query = select(*_SHOWN, *extra).where(*where)
    if "batch" in shown:
        query = query.select_from(
            t.cases.outerjoin(t.batches, t.batches.c.id == t.cases.c.batch_id)
        )
    query = query.order_by(*_order(sort, own))
    most = bindparam("most", PER_PAGE, type_=Integer)
    return query.limit(most).offset(bindparam("skip", 0, type_=Integer))


#: Of several due on one day, those due by the minute come first.
_BY_DUE: Final = (_C.due_on.asc().nulls_last(), _C.due_at.asc().nulls_last())


def _order(sort: str, own: ColumnElement[Any] | None) -> tuple[ColumnElement[Any], ...]:
    """Give what rows are sorted by: the column asked for, else the nearest due day first."""
    column = own if own is not None else SORTS.get(sort.lstrip("-"))
    if column is None:
        return (*_BY_DUE, _C.id.asc())
    if column is _C.due_on:
        late = (_C.due_on.desc().nulls_last(), _C.due_at.desc().nulls_last(), _C.id.desc())
        return late if sort.startswith("-") else (*_BY_DUE, _C.id.asc())
    if sort.startswith("-"):
        return column.desc().nulls_last(), _C.id.desc()
    return column.asc().nulls_last(), _C.id.asc()


def ids_in_order(
    connection: Connection, site: Site, actor: Actor, asked: Filter, sort: str
) -> list[int]:
    """Give the ids of all cases of a filter in the order in which the list shows them."""
    kind = kind_of_list(site, asked.get("list"))
    order = _order(sort, own_order(kind, sort, connection.dialect.name))
    where = listing.conditions(connection, site, actor, asked)
    return list(connection.execute(select(_C.id).where(*where).order_by(*order)).scalars())


#: Places of the columns always read.
(
    _ID, _LIST, _NUMBER, _PART, _KIND, _VERSION, _STATE, _PHASE, _TITLE, _UNIT, _TOP, _TYPES,
    _WEIGHT, _DUE, _DUE_REPORT, _DUE_FINISH, _DUE_AT, _WAITS, _MOVED, _BACK, _MERGED,
) = range(len(_SHOWN))  # fmt: skip


def shown_due(due: str, due_at: str | None) -> str:
    """Say when a case is due: a day, or the minute where its nearest clock counts minutes."""
    if due_at and (shown := shown_instant(due_at))[:10] == due:
        return shown
    return due


Cell = Callable[[Sequence[Any]], str]


class Maker:
    """Turns rows of the database into rows of the page; what rows share is looked up once."""

    def __init__(self, site: Site, shown: tuple[str, ...], kind: Kind | None = None) -> None:
        self.today = site.today().isoformat()
        self.states = {
            (kind.code, kind.version, state.code): state.zh
            for kind in site.kinds.values()
            for state in kind.states
        }
        self.lights = Lights(site)
        self.cells = [
            _own_cell(site, name, shown, kind) if kind and name.startswith(PREFIX)
            else _cell(site, name, shown)
            for name in shown
            if name not in ("number", "state", "due")
        ]  # fmt: skip

    def row(self, found: Sequence[Any]) -> Row:
        """Make one row."""
        number = f"{found[_NUMBER]}-{found[_PART]}" if found[_PART] else found[_NUMBER]
        due = found[_DUE] or ""
        return Row(
            found[_ID], number, found[_WEIGHT] == "key",
            self.states[found[_KIND], found[_VERSION], found[_STATE]], found[_PHASE],
            self.lights.of(
                (found[_KIND], found[_VERSION]), due, found[_DUE_AT], found[_DUE_REPORT],
                found[_DUE_FINISH],
            ), shown_due(due, found[_DUE_AT]), bool(found[_BACK]),
            found[_MERGED] is not None, found[_TITLE], [cell(found) for cell in self.cells],
        )  # fmt: skip


def _cell(site: Site, name: str, shown: tuple[str, ...]) -> Cell:
    """Give the function that makes the text of one column."""
    units, lists = site.tree.by_id, site.lists
    plain: dict[str, Cell] = {
        "title": lambda row: row[_TITLE],
        "unit": lambda row: units[row[_UNIT]].short,
        "district": lambda row: units[row[_TOP]].short,
        "type": lambda row: _types(row[_TYPES]),
        "waits": lambda row: ROLES[row[_WAITS]][0] if row[_WAITS] else "—",
        "moved": lambda row: row[_MOVED],
        "weight": lambda row: WEIGHTS[row[_WEIGHT]][0],
        "list": lambda row: lists[row[_LIST]].title,
    }
    if name in plain:
        return plain[name]
    place = len(_SHOWN) + _extra(shown).index(name)
    if name == "remains":
        return lambda row: _remains(msgspec.json.decode(row[place]))
    words = _WORDS.get(name)
    if words is not None:
        return lambda row: words[row[place]][0] if row[place] in words else row[place] or "—"
    return lambda row: row[place] or "—"


def _own_cell(site: Site, name: str, shown: tuple[str, ...], kind: Kind) -> Cell:
    """Give the function for a field of the kind's own; all share one decoding a row."""
    place = len(_SHOWN) + _extra(shown).index("remains")
    make = list_cell(kind, name, site.tree)
    return lambda row: make(_decoded(row[place]))


@lru_cache(maxsize=PER_PAGE)
def _decoded(text: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = msgspec.json.decode(text)
    return found


@cache
def _types(text: str) -> str:
    return "、".join(TYPES[code][0] if code in TYPES else code for code in text.split(",") if code)


def _remains(fields: Mapping[str, Any]) -> str:
    return str(fields.get("remains") or fields.get("open_reason") or "—")[:120]


def _show_own(
    connection: Connection, site: Site, rows: list[Row], found: Sequence[Sequence[Any]],
    list_code: str, shown: tuple[str, ...],
) -> None:  # fmt: skip
    """Show the standing that cases have of their own on the list; what is void stays void."""
    own = own_standings(connection, site.get_list(list_code).id, [row.id for row in rows])
    if not own:
        return
    cells = [name for name in shown if name not in ("number", "state", "due")]
    for row, each in zip(rows, found, strict=True):
        placed = own.get(row.id)
        if placed is None or row.phase == "void":
            continue
        kind = site.kind_of(each[_KIND], each[_VERSION])
        row.state, row.phase = placed_name(kind, placed.state), placed.phase
        if "closed" in cells:
            row.cells[cells.index("closed")] = placed.closed_on or "—"


def _date_back(
    connection: Connection,
    site: Site,
    rows: list[Row],
    found: Sequence[Sequence[Any]],
    basis: Basis,
    shown: tuple[str, ...],
    list_code: str,
) -> None:
    """Show state, due day and unit as they stood on the day of the figure."""
    by_id = {row.id: row for row in rows}
    kinds = {each[_ID]: site.kind_of(each[_KIND], each[_VERSION]) for each in found}
    cells = tuple(name for name in shown if name not in ("number", "state", "due"))
    for case_id, events in log.events_of_cases(connection, sorted(by_id)):
        life = fold(live(events, basis.known.pos), basis.as_of)
        row, kind = by_id[case_id], kinds[case_id]
        if not life.state:
            continue
        state = kind.state_by_code[life.state]
        row.state = standing_name(kind, life, list_code)[1]
        row.phase = life.seen_on(list_code).phase
        face = next((f for f in life.running() if f.slot in COUNTED_SLOTS), None)
        due: date | None = face.current if face else None
        row.due = due.isoformat() if due else ""
        row.light = "" if due is None else ("red" if due < basis.as_of else "green")
        lead = next(code for code, party in life.parties if party == "lead")
        then = {
            "unit": site.tree.by_code[lead].short,
            "waits": ROLES[state.waits_for][0] if state.waits_for else "—",
            "moved": life.moved_on.isoformat() if life.moved_on else "—",
            "remains": _remains(life.fields),
        }  # fmt: skip
        for place, name in enumerate(cells):
            if name.startswith(PREFIX):
                row.cells[place] = list_cell(kind, name, site.tree)(life.fields)
            else:
                row.cells[place] = then.get(name, row.cells[place])
