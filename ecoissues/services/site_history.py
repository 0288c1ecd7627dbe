"""Earlier matters of the same site: listed with date and outcome, and what they advise.

Which field names the site, and what so many earlier matters advise, stands in the kind's document
(``site_field``, ``[[advice]]``). Advice is words: no rule asks it, no step waits for it (一次帮扶、
两次督导、三次严惩 never forbids a lawful penalty).
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, func, or_, select

from ecoissues.core.kinds import Kind
from ecoissues.core.policy import Actor
from ecoissues.services.case_fields import expression
from ecoissues.services.ledger_rows import current_rows
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.scope import visible_cases

#: Rows shown; the count above them is of all.
MOST: Final = 12
_C = t.cases.c


class Earlier(msgspec.Struct, frozen=True):
    """An earlier matter of the site, as it stands now."""

    id: int
    number: str
    list_title: str
    on: str
    unit: str
    state: str
    phase: str
    closed_on: str
    outcome: str


class SiteHistory(msgspec.Struct, frozen=True):
    """What is known of a site. ``label``: the field's name; ``count``: all that is earlier."""

    label: str
    name: str
    count: int
    earlier: list[Earlier]
    advice: str


def history_of_case(
    connection: Connection, site: Site, actor: Actor, kind: Kind, case_id: int
) -> SiteHistory | None:
    """Give the earlier matters of a case's site in the same district or department.

    None: the kind names no site field, or the case does not fill it in.
    """
    if not kind.site_field:
        return None
    value = _value(kind, connection.dialect.name)
    query = select(value, _C.top_id, _C.registered_on, _C.received_on).where(_C.id == case_id)
    name, top_id, registered_on, received_on = connection.execute(query).one()
    if not name:
        return None
    day = func.coalesce(_C.received_on, _C.registered_on)
    own = received_on or registered_on
    before = (
        _C.id != case_id, _C.top_id == top_id,
        or_(day < own, (day == own) & (_C.id < case_id)),
    )  # fmt: skip
    return _read(connection, site, actor, kind, str(name), before)


def history_of_name(
    site: Site, actor: Actor, list_code: str, name: str, on: date | None = None
) -> SiteHistory | None:
    """Give what is known of a site before a matter is registered on a list; None as above.

    In: ``on``, the day before which (that day included) matters count; None: all.
    """
    home = site.get_list(list_code)
    kind = site.kind_of(home.kind, home.kind_version)
    name = name.strip()[:120]
    if not kind.site_field or not name:
        return None
    day = func.coalesce(_C.received_on, _C.registered_on)
    before = (day <= on.isoformat(),) if on else ()
    with site.store.reading() as connection:
        return _read(connection, site, actor, kind, name, before)


def _value(kind: Kind, dialect: str) -> ColumnElement[Any]:
    item = kind.field_by_code.get(kind.site_field)
    return expression(item, dialect) if item is not None else _C.site


def _plain(column: Any) -> Any:
    """Leave blanks out: 某汽修 店 and 某汽修店 are one site."""
    for blank in (" ", "\u3000", "\n"):
        column = (
            column.replace(blank, "") if isinstance(column, str) else func.replace(column, blank, "")
        )
    return column


def _read(
    connection: Connection, site: Site, actor: Actor, kind: Kind, name: str,
    before: tuple[ColumnElement[bool], ...],
) -> SiteHistory:  # fmt: skip
    where = (
        _C.kind == kind.code, _C.phase != "void", _C.merged_into_id.is_(None),
        _plain(_value(kind, connection.dialect.name)) == _plain(name), *before,
        visible_cases(site.tree, site.lists, actor.scope_path, one_by_one=True),
    )  # fmt: skip
    count = connection.execute(select(func.count()).select_from(t.cases).where(*where)).scalar_one()
    query = select(
        _C.id, _C.list_id, _C.unit_id, _C.registered_on, _C.received_on, _C.phase
    ).where(*where)
    order = (func.coalesce(_C.received_on, _C.registered_on).desc(), _C.id.desc())
    heads = connection.execute(query.order_by(*order).limit(MOST)).all()
    rows = current_rows(site, connection, [head.id for head in heads])
    earlier = [
        Earlier(
            head.id, row["number"], site.lists[head.list_id].title,
            head.received_on or head.registered_on, site.tree.by_id[head.unit_id].short,
            row["standing"], head.phase, str(row["closed_on"] or ""), str(row["accountability"] or ""),
        )
        for head, row in zip(heads, rows, strict=True)
    ]  # fmt: skip
    item = kind.field_by_code.get(kind.site_field)
    label = item.zh if item is not None else "点位"
    return SiteHistory(label, name, count, earlier, kind.advice_for(count))
