"""Importing a sheet into a list: preview what every row would do, then commit what is accepted.

Reading happens in a limited child process (``intake``). A commit takes each row wholly or not at
all, in transactions of some hundred rows, and says of every row what became of it; the same file
twice adds nothing. New rows pass the registration and the transfer like any other; changed rows are
recorded as an event of their own (``import``), never silently.
"""

from __future__ import annotations

import gc
import json
import secrets
from collections.abc import Callable, Collection
from typing import Any, BinaryIO, Final

import msgspec
from sqlalchemy import delete, insert, select

from ecoissues.core import policy
from ecoissues.core.digests import digest_of
from ecoissues.core.errors import Forbidden, NotFound
from ecoissues.core.instants import instant_text
from ecoissues.core.kinds import Kind
from ecoissues.core.policy import Actor
from ecoissues.exports.catalogue import get_form
from ecoissues.exports.template import write_template
from ecoissues.intake.body import dropped_lines
from ecoissues.intake.headers import field_codes, field_name
from ecoissues.intake.layout import Layout, Note, find_layout
from ecoissues.intake.limits import PASTED, Limits
from ecoissues.intake.marked import marked_copy
from ecoissues.intake.rows import IntakeRow, read_rows
from ecoissues.intake.sheet import RawSheet
from ecoissues.intake.workbooks import other_sheets, read_list_sheet
from ecoissues.services.case_fields import header_names, widened
from ecoissues.services.exporting import site_forms
from ecoissues.services.field_words import value_text
from ecoissues.services.import_plans import Plan, Planner
from ecoissues.services.import_standing import stand
from ecoissues.services.import_writing import Outcome, write_chunk
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.log import head_pos
from ecoissues.storage.reference import ListRow

#: Rows in one transaction: others may write between two of them.
CHUNK: Final = 400
#: The name under which pasted rows are kept.
PASTED_NAME: Final = "粘贴的内容"
LIMITS: Final = Limits()
SHEET_TYPE: Final = "application/octet-stream"

Progress = Callable[[int, int], None]


class Options(msgspec.Struct, frozen=True):
    """What the importer chooses: the sheet of the workbook (empty: the first one that has a
    header), the mapping (field -> column; negative: take it away), whether a row without a number is numbered by batch and ordinal, whether rows are transferred to the
    unit or district they name."""

    mapping: dict[str, int] = {}
    number_from_ordinal: bool = False
    transfer: bool = True
    sheet: str = ""


class Preview(msgspec.Struct):
    """What a sheet would do. ``token`` names the stored upload; ``counts``: rows by standing;
    ``sheet``: the one read, ``sheets``: all that are shown in the workbook;
    ``unknown``: headers that are not imported; ``notes``: about the sheet as a whole; ``seen``: the
    log position at which rows were compared with the cases that stand."""

    token: str
    list_code: str
    name: str
    title: str
    headers: dict[int, str]
    mapping: dict[str, int]
    guessed: list[str]
    unknown: list[str]
    notes: list[Note]
    rows: list[Plan]
    options: Options
    own: dict[str, str] = {}
    seen: int = 0
    sheet: str = ""
    sheets: list[str] = []

    def name_of(self, code: str) -> str:
        """Give a field's name: of the kind's own fields, else as sheets usually call it."""
        return self.own.get(code) or field_name(code)

    @property
    def counts(self) -> dict[str, int]:
        """Rows by standing, all four named."""
        found = dict.fromkeys(("new", "changed", "same", "refused"), 0)
        for row in self.rows:
            found[row.standing] += 1
        return found


class Result(msgspec.Struct):
    """What became of every row, in the order of the sheet, and the counts by outcome."""

    list_code: str
    rows: list[Outcome]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by outcome, all five named."""
        found = dict.fromkeys(("new", "changed", "same", "refused", "left_out"), 0)
        for row in self.rows:
            found[row.outcome] += 1
        return found


def preview(
    site: Site,
    actor: Actor,
    list_code: str,
    name: str,
    content: bytes,
    options: Options | None = None,
) -> Preview:
    """Read a sheet, store it for the commit, and say what every row would do; no case is touched.

    In: the file's bytes and name (``PASTED_NAME`` for pasted text, UTF-8). Errors: Forbidden
    unless the actor is a supervisor of the list's office; Refused as ``intake`` refuses sheets.
    """
    home = _allowed(site, actor, list_code)
    raw = _read(site, home, name, content, options)
    token = _keep(site, actor, home, name, content)
    return _preview(site, home, token, name, raw, options)[0]


def reopen(
    site: Site, actor: Actor, token: str, options: Options | None = None
) -> tuple[Preview, RawSheet, Layout, list[IntakeRow]]:
    """Preview a stored upload again, with other options perhaps; gives what was read too.

    NotFound: no such upload, or somebody else's.
    """
    home, name, content = _stored(site, actor, token)
    raw = _read(site, home, name, content, options)
    made, layout, rows = _preview(site, home, token, name, raw, options)
    return made, raw, layout, rows


def carry_out(
    site: Site,
    actor: Actor,
    what: str | Preview,
    accept: Collection[int] | None = None,
    options: Options | None = None,
    progress: Progress | None = None,
    seen: int | None = None,
) -> Result:
    """Write the accepted rows of a preview.

    In: the token of an upload or a preview just made; ``accept``: lines taken (None: all that are
    not refused); ``seen``: the log position of the preview somebody looked at (None: this one's).
    Every row is compared anew within its own transaction, and one that would put its text over what
    somebody has written after that position is refused (``row_moved``): nobody saw that beside it.
    Out: what became of each row.
    """
    made = what if isinstance(what, Preview) else reopen(site, actor, what, options)[0]
    seen = made.seen if seen is None else seen
    home = _allowed(site, actor, made.list_code)
    _remember(site, home, made)
    planner = Planner(site, home, transfer=made.options.transfer)
    outcomes: list[Outcome] = []
    gc.freeze()  # the rows read stay anyway: looking through them again and again costs a tenth
    try:
        for start in range(0, len(made.rows), CHUNK):
            chunk = made.rows[start : start + CHUNK]
            outcomes += write_chunk(site, actor, planner, chunk, accept, made.name, seen)
            if progress:
                progress(len(outcomes), len(made.rows))
    finally:
        gc.unfreeze()
    return Result(home.code, outcomes)


def marked(site: Site, actor: Actor, token: str, options: Options, out: BinaryIO) -> int:
    """Write the sheet back with every wrong cell red and commented; gives how many cells."""
    made, raw, layout, rows = reopen(site, actor, token, options)
    problems = {plan.line: plan.problems for plan in made.rows}
    for row in rows:
        row.problems = [*problems.get(row.line, row.problems)]
    return marked_copy(out, raw, layout, rows)


def shown_value(site: Site, made: Preview, code: str, value: Any) -> str:
    """Write a stored value of one of the kind's own fields as people read it, "" for other codes."""
    home = site.get_list(made.list_code)
    item = site.kind_of(home.kind, home.kind_version).field_by_code.get(code)
    if item is None or value in (None, "", [], {}):
        return ""
    kind = site.kind_of(home.kind, home.kind_version)
    return value_text(kind, item.field(), value, site.tree)


def own_lists(site: Site, actor: Actor) -> list[ListRow]:
    """Give the lists that the actor's office keeps: those he may import into."""
    return [row for row in site.lists.values() if policy.is_office(actor, row.unit_path)]


def _allowed(site: Site, actor: Actor, list_code: str) -> ListRow:
    policy.require(actor, "case.import")
    home = site.get_list(list_code)
    if not policy.is_office(actor, home.unit_path):
        raise Forbidden(
            f"清单“{home.title}”不由本单位管理，不能导入；未作任何改动。", "not_office"
        )
    return home


def _read(
    site: Site, home: ListRow, name: str, content: bytes, options: Options | None
) -> RawSheet:
    chosen = options or Options()
    own = header_names(site.kind_of(home.kind, home.kind_version))
    limits = PASTED if name == PASTED_NAME else LIMITS
    return read_list_sheet(content, name, limits, chosen.sheet, chosen.mapping or None, own)


def _keep(site: Site, actor: Actor, home: ListRow, name: str, content: bytes) -> str:
    blob = site.blobs.put(content, SHEET_TYPE)
    token = secrets.token_hex(16)
    row = {
        "token": token, "actor": actor.name, "list_id": home.id, "name": name[:200],
        "sha256": blob.sha256, "at": instant_text(site.now()),
    }  # fmt: skip
    with site.store.writing() as connection:
        connection.execute(insert(t.uploads).values(**row))
    return token


def _stored(site: Site, actor: Actor, token: str) -> tuple[ListRow, str, bytes]:
    with site.store.reading() as connection:
        row = connection.execute(select(t.uploads).where(t.uploads.c.token == token)).first()
    if row is None or row.actor != actor.name:
        raise NotFound("没有找到这次上传的文件，请重新上传；没有写入任何数据。")
    home = _allowed(site, actor, site.lists[row.list_id].code)
    return home, row.name, site.blobs.get(row.sha256)


def _preview(
    site: Site, home: ListRow, token: str, name: str, raw: RawSheet, options: Options | None
) -> tuple[Preview, Layout, list[IntakeRow]]:
    layout, options = _layout(site, home, raw, options or Options())
    planner = Planner(site, home, transfer=options.transfer)
    needs = planner.needs(number_from_ordinal=options.number_from_ordinal)
    rows = list(read_rows(raw, layout, needs))
    plans = [planner.plan(row, layout.dated) for row in rows]
    with site.store.reading() as connection:
        seen = head_pos(connection)
        for start in range(0, len(plans), CHUNK):
            stand(site, connection, planner, plans[start : start + CHUNK])
    made = Preview(
        token=token, list_code=home.code, name=name, title=layout.title, headers=layout.headers,
        mapping=dict(layout.columns), guessed=sorted(layout.guessed),
        unknown=[header for _, header in layout.unknown],
        notes=[*other_sheets(raw), *layout.notes, *_dropped(raw, layout, len(rows))],
        rows=plans, options=options, sheet=raw.sheet, sheets=raw.shown, seen=seen,
        own={item.code: item.label for item in planner.kind.fields},
    )  # fmt: skip
    return made, layout, rows


def _dropped(raw: RawSheet, layout: Layout, taken: int) -> list[Note]:
    """Name the lines that are no cases; every line is judged again only if there are such."""
    start = max(layout.header_rows, default=0)
    filled = sum(any(cell != "" for cell in row) for row in raw.rows[start:])
    return dropped_lines(raw, layout) if filled != taken else []


def _layout(
    site: Site, home: ListRow, raw: RawSheet, options: Options
) -> tuple[Layout, Options]:
    """Find the layout; a mapping the importer chose for the same headers before is used again."""
    kind = site.kind_of(home.kind, home.kind_version)
    own = header_names(kind)
    options = _settled(kind, options)
    layout = find_layout(raw.rows, options.mapping or None, own=own)
    if options.mapping:
        return layout, options
    m = t.mappings.c
    query = select(m.mapping).where(m.list_id == home.id, m.headers == _headers(layout))
    with site.store.reading() as connection:
        remembered = connection.execute(query).scalar()
    if remembered is None:
        return layout, options
    mapping: dict[str, int] = json.loads(remembered)
    return find_layout(raw.rows, mapping, own=own), msgspec.structs.replace(options, mapping=mapping)


def _settled(kind: Kind, options: Options) -> Options:
    """Leave out what neither sheets nor this kind know; an own field given to no column stays away."""
    if not options.mapping:
        return options
    own = kind.field_by_code
    known = {*field_codes(), *own}
    mapping = {code: place for code, place in options.mapping.items() if code in known}
    if any(place < 0 for place in mapping.values()):
        mapping = {**dict.fromkeys(own, -1), **mapping}
    return msgspec.structs.replace(options, mapping=mapping)


def _headers(layout: Layout | Preview) -> str:
    return digest_of([[index, layout.headers[index]] for index in sorted(layout.headers)])


def _remember(site: Site, home: ListRow, made: Preview) -> None:
    """Keep a mapping the importer changed for the next sheet with the same headers."""
    if not made.options.mapping:
        return
    m = t.mappings
    key = {"list_id": home.id, "headers": _headers(made)}
    text = json.dumps(made.options.mapping, sort_keys=True)
    with site.store.writing() as connection:
        connection.execute(
            delete(m).where(m.c.list_id == key["list_id"], m.c.headers == key["headers"])
        )
        connection.execute(insert(m).values(**key, mapping=text))


def template(site: Site, actor: Actor, list_code: str, out: BinaryIO) -> None:
    """Write the empty sheet for a list: its kind's form with comments and drop-downs."""
    home = _allowed(site, actor, list_code)
    kind = site.kind_of(home.kind, home.kind_version)
    form = widened(get_form(kind.form, site_forms(site)), kind, all_fields=True)
    tree = site.tree
    allowed = {
        "region": [unit.name for unit in tree.tops() if unit.kind == "district"],
        "unit": [unit.name for unit in tree.by_id.values() if unit.parent_id is not None],
    }
    write_template(form, {key: names for key, names in allowed.items() if names}, out)


__all__ = [
    "LIMITS", "PASTED", "PASTED_NAME", "Options", "Outcome", "Plan", "Preview", "Result", "carry_out",
    "field_codes", "field_name", "marked", "own_lists", "preview", "reopen", "template",
]  # fmt: skip
