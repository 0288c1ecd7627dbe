"""Lists of cases: one filter makes the WHERE for the page, its count, the desk and the export.

A filter is a small mapping that an address can hold. Whatever counts or lists cases asks
``conditions`` here, so a number and the rows behind it are equal by construction.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    true,
)

from ecoissues.core import vocabulary as v
from ecoissues.core.errors import Refused
from ecoissues.core.policy import Actor
from ecoissues.core.units import HANDLING
from ecoissues.services import membership
from ecoissues.services.case_fields import PREFIX, condition, kind_of_list
from ecoissues.services.due_filters import due_condition, lapsed_until, light_condition
from ecoissues.services.kept_statements import kept
from ecoissues.services.site import Site
from ecoissues.services.turns import my_turn
from ecoissues.services.unit_finder import find_unit
from ecoissues.storage import log, search
from ecoissues.storage import tables as t
from ecoissues.storage.prepared import Prepared
from ecoissues.storage.reference import get_setting
from ecoissues.storage.scope import party_cases, visible_cases

#: What may be filtered by, in the order chips are shown.
KEYS: Final = (
    "list", "figure", "members", "as_of", "known_at", "district", "unit", "phase", "state", "waits",
    "due", "light", "clock", "type", "weight", "verdict", "channel", "batch", "turn", "mine", "signed",
    "back", "stale", "pending", "q",
)  # fmt: skip
#: Fields of a kind's own that one filter may name (``field.CODE``).
MOST_OWN: Final = 10
_SEVERAL: Final = frozenset({"phase", "state", "type", "weight", "verdict", "channel"})
_CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "phase": frozenset(v.PHASES),
    "waits": frozenset(v.ROLES),
    "due": frozenset({"overdue", "today", "urgent", "soon", "later", "none"}),
    "light": frozenset(v.LIGHTS),
    "clock": frozenset({"report", "finish"}),
    "type": frozenset(v.TYPES),
    "weight": frozenset(v.WEIGHTS),
    "verdict": frozenset(v.VERDICTS),
    "channel": frozenset(v.CHANNELS),
    "turn": frozenset({"me"}),
    "mine": frozenset({"yes"}),
    "signed": frozenset({"no"}),
    "back": frozenset({"yes"}),
    "stale": frozenset({"yes"}),
    "pending": frozenset(
        {"extension", "suspension", "correction", "instruction", "order", "move"}
    ),
    "members": frozenset({"part", "rest", "all"}),
}
STALE_DAYS: Final = ("stale_days", "15")
_LIVE: Final = ("open", "phase_closed", "completed")


class Filter(msgspec.Struct, frozen=True):
    """What is asked for: keys of KEYS with clean values, and fields of the list's kind (field.CODE)."""

    values: Mapping[str, str] = {}

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Filter:
        """Take what an address says; Refused ``bad_filter`` for a value that cannot be meant."""
        values = {}
        own = sorted(key for key in given if key.startswith(PREFIX))[:MOST_OWN]
        for key in (*KEYS, *own):
            value = (given.get(key) or "").strip()[:200]
            if value:
                values[key] = _checked(key, value)
        return cls(values)

    def get(self, key: str) -> str:
        """Give one value, "" when it is not asked for."""
        return self.values.get(key, "")

    def changed(self, **changes: str) -> Filter:
        """Give the filter with some values replaced; "" takes one away."""
        merged = {**self.values, **changes}
        own = sorted(key for key in merged if key.startswith(PREFIX))
        return Filter({key: merged[key] for key in (*KEYS, *own) if merged.get(key)})

    def address(self, path: str = "/cases", **view: str) -> str:
        """Give the address of the list it makes; ``view``: sort, columns, page."""
        query = urlencode({**self.values, **{k: text for k, text in view.items() if text}})
        return f"{path}?{query}" if query else path


def _checked(key: str, value: str) -> str:
    pieces = value.split(",") if key in _SEVERAL else [value]
    known = _CHOICES.get(key)
    bad = [piece for piece in pieces if known is not None and piece not in known]
    if bad:
        raise Refused("bad_filter", f"筛选条件“{key}”不能是“{bad[0][:20]}”；请从页面上选择。")
    if key == "as_of":
        try:
            date.fromisoformat(value)
        except ValueError:
            raise Refused("bad_filter", f"日期“{value[:20]}”不对，请写成 2024-12-31。") from None
    return value


def conditions(
    connection: Connection, site: Site, actor: Actor, asked: Filter
) -> list[ColumnElement[bool]]:
    """Give the WHERE of a filter for an actor; his scope is always part of it.

    Errors: NotFound for a list that does not exist; Refused for a figure that cannot be.
    """
    narrow = any(asked.get(key) for key in _NARROW)
    where = _scope(connection, site, actor, asked, narrow)
    if asked.get("figure") or asked.get("as_of"):
        ids = membership.members_of(connection, site, actor, asked.values)
        where.append(t.cases.c.id.in_(ids) if ids is not None else false())
        # What narrows the figure does so on its own day; the rest speaks of today.
        asked = Filter({k: x for k, x in asked.values.items() if k not in membership.CUT_KEYS})
    where.extend(_plain(asked, _seen_on(connection, site, asked)))
    where.extend(_places(connection, site, actor, asked, narrow))
    where.extend(_queues(connection, site, actor, asked, narrow))
    kind = kind_of_list(site, asked.get("list"))
    where.extend(
        condition(kind, key, value, site.tree, connection.dialect.name)
        for key, value in asked.values.items()
        if key.startswith(PREFIX)
    )
    if asked.get("due") or asked.get("light"):
        place = (asked.get("clock"), lapsed_until(connection, site))
        if asked.get("due"):
            where.append(due_condition(site, asked.get("due"), *place))
        if asked.get("light"):
            where.append(light_condition(site, asked.get("light"), *place))
    found = search.matching(asked.get("q"), t.cases.c.id, connection.dialect.name)
    if found is not None:
        where.append(found)
    return where


#: Keys that leave few cases by themselves, found by an index.
_NARROW: Final = ("due", "light", "turn", "signed", "back", "stale", "pending", "waits", "q", "batch")


def _scope(
    connection: Connection, site: Site, actor: Actor, asked: Filter, narrow: bool
) -> list[ColumnElement[bool]]:
    """Give the condition of the actor's scope, nothing where the filter's own lies within it."""
    if asked.get("mine"):
        return []  # what his own unit handles is always his to see
    if asked.get("list") and not (asked.get("figure") or asked.get("as_of")):
        home = site.get_list(asked.get("list"))
        own = home.unit_path.startswith(actor.scope_path)
        if own and not _has_placements(connection, home.id):
            return []
    return [visible_cases(site.tree, site.lists, actor.scope_path, one_by_one=narrow)]


def _seen_on(
    connection: Connection, site: Site, asked: Filter
) -> dict[str, ColumnElement[Any]]:
    """Give phase and state as the list that is asked for shows them (``Life.seen_on``)."""
    cases = t.cases.c
    list_id = site.get_list(asked.get("list")).id if asked.get("list") else 0
    if not list_id or not has_own_standings(connection, list_id):
        return {"phase": cases.phase, "state": cases.state}
    p = t.case_placements.c
    found: dict[str, ColumnElement[Any]] = {}
    for name in ("phase", "state"):
        own = (
            select(p[name])
            .where(p.case_id == cases.id, p.list_id == list_id, p.phase != "")
            .correlate(t.cases)
            .scalar_subquery()
        )
        void = cases.phase == "void"
        found[name] = case((void, cases[name]), else_=func.coalesce(own, cases[name]))
    return found


def _plain(asked: Filter, seen: Mapping[str, ColumnElement[Any]]) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    columns: dict[str, ColumnElement[Any]] = {
        **seen, "weight": t.cases.c.weight, "verdict": t.cases.c.verdict,
        "channel": t.cases.c.channel,
    }  # fmt: skip
    for key, column in columns.items():
        pieces = asked.get(key).split(",") if asked.get(key) else []
        if len(pieces) == 1:
            where.append(column == pieces[0])
        elif pieces:
            where.append(column.in_(pieces))
    if asked.get("waits"):
        where.append(t.cases.c.waits_for == asked.get("waits"))
    if asked.get("type"):
        pieces = asked.get("type").split(",")
        where.append(or_(*(t.cases.c.types.contains(f",{piece},") for piece in pieces)))
    return where


def _places(
    connection: Connection, site: Site, actor: Actor, asked: Filter, narrow: bool
) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    code = asked.get("list")
    if code:
        list_id = site.get_list(code).id
        placed = select(t.case_placements.c.case_id).where(t.case_placements.c.list_id == list_id)
        home = t.cases.c.list_id == list_id
        where.append(or_(home, t.cases.c.id.in_(placed)) if _has_placements(connection, list_id)
                     else home)  # fmt: skip
    for key in ("district", "unit"):
        if asked.get(key):
            unit = find_unit(site.tree, asked.get(key))
            below = [each.id for each in site.tree.below(unit.path)] if unit else []
            where.append(party_cases(below, HANDLING, one_by_one=narrow) if unit else false())
    if asked.get("batch"):
        query = select(t.batches.c.id).where(t.batches.c.name == asked.get("batch"))
        where.append(t.cases.c.batch_id.in_(query))
    if asked.get("mine"):
        where.append(_mine(site, actor, narrow))
    return where


_PLACED: Final = Prepared(
    select(t.case_placements.c.case_id)
    .where(t.case_placements.c.list_id == bindparam("list_id"))
    .limit(1)
)


_OWN: Final = Prepared(
    select(t.case_placements.c.case_id)
    .where(t.case_placements.c.list_id == bindparam("list_id"), t.case_placements.c.phase != "")
    .limit(1)
)


def has_own_standings(connection: Connection, list_id: int) -> bool:
    """Whether some case stands on a list with a standing of its own there."""
    return bool(_OWN.run(connection, {"list_id": list_id}))


def _has_placements(connection: Connection, list_id: int) -> bool:
    return bool(_PLACED.run(connection, {"list_id": list_id}))


def depends_on(
    connection: Connection, site: Site, actor: Actor, asked: Filter
) -> tuple[Any, ...] | None:
    """Give all that the text of a filter's WHERE depends on, so that it can be kept for reuse.

    None: it names the members of a figure, which each new event may change.
    """
    if asked.get("figure") or asked.get("as_of"):
        return None
    code = asked.get("list")
    placed = bool(code) and _has_placements(connection, site.get_list(code).id)
    own = placed and has_own_standings(connection, site.get_list(code).id)
    days = stale_days(connection) if asked.get("stale") else 0
    lapsed = lapsed_until(connection, site) if asked.get("due") or asked.get("light") else ""
    return (
        actor.scope_path, actor.unit_path, actor.role, tuple(asked.values.items()), placed, own,
        days, site.today(), lapsed, site.tree,  # read anew together with the lists
    )  # fmt: skip


def _mine(site: Site, actor: Actor, narrow: bool) -> ColumnElement[bool]:
    own = {actor.unit_path, actor.scope_path}
    units = [unit.id for unit in site.tree.by_id.values() if unit.path in own]
    return party_cases(units, HANDLING, one_by_one=narrow)


def _queues(
    connection: Connection, site: Site, actor: Actor, asked: Filter, narrow: bool
) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    cases = t.cases.c
    if asked.get("turn"):
        is_mine = true() if asked.get("mine") else _mine(site, actor, narrow)
        where.append(my_turn(site, actor, is_mine))
    if asked.get("signed"):
        unsigned = cases.signed_on.is_(None)
        where.append(and_(cases.phase == "open", unsigned, _to_be_signed_for(site)))
    if asked.get("back"):
        where.append(and_(cases.came_back, cases.phase.in_(_LIVE)))
    if asked.get("stale"):
        last = (site.today() - timedelta(days=stale_days(connection))).isoformat()
        where.append(and_(cases.moved_on <= last, cases.phase.in_(("open", "phase_closed"))))
    if asked.get("pending"):
        asks = select(t.pending.c.case_id).where(t.pending.c.sort == asked.get("pending"))
        where.append(cases.id.in_(asks))
    return where


def stale_days(connection: Connection) -> int:
    """Give after how many days without a step a case counts as not updated for long."""
    return int(get_setting(connection, *STALE_DAYS))


def _to_be_signed_for(site: Site) -> ColumnElement[bool]:
    """States from which a step marks the case as signed for, by the kinds' documents."""
    pairs = {
        (kind.code, state)
        for kind in site.kinds.values()
        for step in kind.steps
        if "signed_for" in step.marks
        for state in step.sources
        if kind.phase_of(state) == "open"
    }
    return or_(
        false(),
        *(and_(t.cases.c.kind == kind, t.cases.c.state == state) for kind, state in sorted(pairs)),
    )


_counted: OrderedDict[tuple[Any, ...], int] = OrderedDict()
_MOST_COUNTED: Final = 4_000


def count(connection: Connection, site: Site, actor: Actor, asked: Filter) -> int:
    """Count the cases of a filter within the actor's scope: the number that stands over its list.

    A count is kept together with the log position it was made at: cases change by events only, so
    it is right until the next one.
    """
    key = depends_on(connection, site, actor, asked)
    place = None if key is None else (site.store.url, log.head_pos(connection), *key)
    if place is not None and place in _counted:
        return _counted[place]

    def make() -> Any:
        where = conditions(connection, site, actor, asked)
        return select(func.count()).select_from(t.cases).where(*where)

    statement = kept(None if key is None else ("count", *key), make)
    found = int(statement.run(connection, {})[0][0])
    if place is not None:
        _counted[place] = found
        if len(_counted) > _MOST_COUNTED:
            _counted.popitem(last=False)
    return found


def counts(
    connection: Connection, site: Site, actor: Actor, asked: Sequence[Filter]
) -> list[int]:
    """Count several filters, each as its own list does."""
    return [count(connection, site, actor, each) for each in asked]
