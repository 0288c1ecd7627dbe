"""The cases behind a figure, as the address of a list names them (figure, day, known-at, cut)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import BindParameter, Connection, Integer, bindparam, select

from ecoissues.core.errors import Refused
from ecoissues.core.instants import instant_text
from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import PHASES
from ecoissues.figures import reading
from ecoissues.figures.cuts import Cut
from ecoissues.figures.known import Known, known_at
from ecoissues.figures.registry import Definition, packaged_definitions
from ecoissues.services.site import Site
from ecoissues.services.unit_finder import find_unit
from ecoissues.storage import tables as t

#: Keys that narrow the figure on its own day, and so not the standing of today.
CUT_KEYS = frozenset({"list", "district", "unit", "type", "batch", "phase"})


class Basis(msgspec.Struct, frozen=True):
    """What a list of members stands on: a figure (None: phases of a day), its day, what is known."""

    definition: Definition | None
    as_of: date
    known: Known
    which: str


def find_basis(connection: Connection, site: Site, values: Mapping[str, str]) -> Basis | None:
    """Read figure, day and known-at of a filter; None when it asks for neither.

    Refused: ``figure_unknown``, ``figure_needs_list``, ``as_of_after_known_at``, ``future_day``.
    """
    if not (values.get("figure") or values.get("as_of")):
        return None
    if not values.get("list"):
        raise Refused("figure_needs_list", "按指标或日期查看名单时，请先选定一个清单。")
    code = values.get("figure")
    definition = packaged_definitions().get(code) if code else None
    day = date.fromisoformat(values["as_of"]) if values.get("as_of") else site.today()
    if day > site.today():
        raise Refused("future_day", f"截止日期 {day} 晚于今天 {site.today()}，请改选。")
    instant = values.get("known_at")
    known = known_at(connection, instant) if instant else Known(now=instant_text(site.now()))
    known.check(day)
    return Basis(definition, day, known, values.get("members") or ("part" if definition else "all"))


def members_of(
    connection: Connection, site: Site, actor: Actor, values: Mapping[str, str]
) -> BindParameter[Any] | None:
    """Give the ids of a filter's members as one SQL value, None when there are none."""
    basis = find_basis(connection, site, values)
    assert basis is not None
    row = site.get_list(values["list"])
    cut = _cut(connection, site, actor, values)
    place = (row, basis.as_of, basis.known, cut)
    if basis.definition is not None:
        which: Any = basis.which
        ids = reading.members(connection, site.tree, basis.definition, *place, which)
        if values.get("phase"):
            ids = sorted(set(ids) & set(_in_phases(connection, site, values["phase"], place)))
    else:
        phases = values.get("phase") or ",".join(phase for phase in PHASES if phase != "void")
        ids = _in_phases(connection, site, phases, place)
    if not ids:
        return None
    # Written into the statement as numbers: no engine takes 60,000 parameters.
    return bindparam("member_ids", ids, Integer, expanding=True, literal_execute=True)


def _in_phases(
    connection: Connection, site: Site, phases: str, place: tuple[Any, ...]
) -> list[int]:
    ids: set[int] = set()
    for phase in phases.split(","):
        ids.update(reading.phase_members(connection, site.tree, phase, *place))
    return sorted(ids)


def _cut(connection: Connection, site: Site, actor: Actor, values: Mapping[str, str]) -> Cut:
    path = None
    shown = values.get("unit") or values.get("district")
    if shown:
        unit = find_unit(site.tree, shown)
        if unit is None:
            raise Refused("bad_filter", f"没有单位“{shown[:30]}”，请从页面上选择。")
        path = unit.path
    batch_id = None
    if values.get("batch"):
        home = site.get_list(values["list"])
        query = select(t.batches.c.id).where(
            t.batches.c.list_id == home.id, t.batches.c.name == values["batch"]
        )
        batch_id = connection.execute(query).scalar() or -1
    return Cut(
        scope_path=actor.scope_path, unit_path=path, type=values.get("type") or None,
        batch_id=batch_id,
    )  # fmt: skip
