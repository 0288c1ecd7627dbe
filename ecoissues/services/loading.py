"""Finding and locking one case within an actor's scope: outside it, it does not exist."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, or_, select

from ecoissues.core import policy
from ecoissues.core.errors import NotFound, Refused
from ecoissues.core.policy import Actor
from ecoissues.core.values import Bad, clean_number
from ecoissues.services.recording import CaseRow
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.prepared import Prepared

#: Parts of a split number are counted from 1; more are not meant.
LAST_PART: Final = 999

_COLUMNS = (
    t.cases.c.id, t.cases.c.list_id, t.cases.c.number, t.cases.c.part, t.cases.c.kind,
    t.cases.c.kind_version, t.cases.c.version, t.cases.c.state, t.cases.c.merged_into_id,
)  # fmt: skip
_PARTIES = Prepared(
    select(t.case_parties.c.unit_id, t.case_parties.c.party).where(
        t.case_parties.c.case_id == bindparam("case_id")
    )
)
_PLACES = Prepared(
    select(t.case_placements.c.list_id).where(t.case_placements.c.case_id == bindparam("case_id"))
)
_BY_ID = select(*_COLUMNS).where(t.cases.c.id == bindparam("case_id"))
_READ = Prepared(_BY_ID)
_followed = t.cases.c.merged_into_id
# A case is held with all that follow it, always in the order of ids, so that no two writers wait
# for each other; without its key, which foreign keys of other rows hold meanwhile (PostgreSQL
# checks merged_into_id again when a row is updated twice in one transaction).
_LOCK = Prepared(
    select(*_COLUMNS)
    .where(or_(t.cases.c.id == bindparam("case_id"), _followed == bindparam("case_id")))
    .order_by(t.cases.c.id)
    .with_for_update(key_share=True)
)
_LOCK_BOTH = Prepared(
    select(t.cases.c.id)
    .where(
        or_(
            t.cases.c.id == bindparam("one_id"), _followed == bindparam("one_id"),
            t.cases.c.id == bindparam("other_id"), _followed == bindparam("other_id"),
        )
    )
    .order_by(t.cases.c.id)
    .with_for_update(key_share=True)
)  # fmt: skip
_BY_KEY = select(*_COLUMNS).where(
    t.cases.c.list_id == bindparam("list_id"),
    t.cases.c.number == bindparam("number"),
    t.cases.c.part == bindparam("part"),
)


def _case(site: Site, row: Sequence[Any]) -> CaseRow:
    case_id, list_id, number, part, kind, kind_version, version, state, merged_into_id = row
    home = site.lists.get(list_id)
    if home is None:
        site.refresh()
        home = site.lists[list_id]
    return CaseRow(
        id=case_id, list_id=list_id, list_code=home.code, list_path=home.unit_path, number=number,
        part=part, kind=kind, kind_version=kind_version, version=version, state=state,
        merged_into_id=merged_into_id,
    )  # fmt: skip


def _check_scope(connection: Connection, site: Site, actor: Actor, case: CaseRow) -> None:
    if case.list_path.startswith(actor.scope_path):
        return
    units = site.tree.by_id
    parties = [
        (units[unit_id].path, party)
        for unit_id, party in _PARTIES.run(connection, {"case_id": case.id})
    ]
    paths = [
        *policy.reading_paths(parties),
        *(site.lists[row[0]].unit_path for row in _PLACES.run(connection, {"case_id": case.id})),
    ]
    if not any(policy.within(path, actor.scope_path) for path in paths):
        raise NotFound()


def lock_case(connection: Connection, site: Site, actor: Actor | None, case_id: int) -> CaseRow:
    """Read a case and hold it until commit. ``actor`` None: the system itself follows a merge.

    NotFound: no such case, or outside the actor's scope (the two answers are the same).
    """
    query = _READ if connection.dialect.name == "sqlite" else _LOCK
    rows = [row for row in query.run(connection, {"case_id": case_id}) if row[0] == case_id]
    if not rows:
        raise NotFound()
    case = _case(site, rows[0])
    if actor is not None:
        _check_scope(connection, site, actor, case)
    return case


def lock_both(
    connection: Connection, site: Site, actor: Actor, case_id: int, other_key: str
) -> None:
    """Hold two cases in the order of their ids before one is merged into the other.

    Says nothing of a case that is not found: the step itself refuses it in its turn.
    """
    if connection.dialect.name == "sqlite":
        return
    with contextlib.suppress(Refused):
        other = load_case(connection, site, actor, other_key)
        _LOCK_BOTH.run(connection, {"one_id": case_id, "other_id": other.id})


def lock_cases(connection: Connection, case_ids: Collection[int]) -> None:
    """Hold many cases and all that follow them in the order of their ids, before the log is held.

    A step holds its case and then the end of the log; who writes many cases must do the same, or
    the two wait for each other.
    """
    if connection.dialect.name == "sqlite" or not case_ids:
        return
    c = t.cases.c
    connection.execute(
        select(c.id)
        .where(or_(c.id.in_(case_ids), c.merged_into_id.in_(case_ids)))
        .order_by(c.id)
        .with_for_update(key_share=True)
    )


def read_case(connection: Connection, site: Site, actor: Actor, case_id: int) -> CaseRow:
    """Read a case without holding it, to show it. NotFound as ``lock_case``."""
    rows = _READ.run(connection, {"case_id": case_id})
    if not rows:
        raise NotFound()
    case = _case(site, rows[0])
    _check_scope(connection, site, actor, case)
    return case


def load_case(connection: Connection, site: Site, actor: Actor, key: str) -> CaseRow:
    """Find a case by its name LIST/NUMBER or LIST/NUMBER/PART (a ``*`` in the number is ignored).

    NotFound: no such list or case, or outside the actor's scope.
    """
    list_code, _, rest = key.strip().partition("/")
    number, _, part = rest.partition("/")
    try:
        clean, _flag = clean_number(number)
        part_number = int(part) if part else 0
        if not 0 <= part_number <= LAST_PART:
            raise ValueError(part)
    except (Bad, ValueError):
        raise NotFound(f"没有找到“{key[:80]}”；请写成“清单代码/编号”。") from None
    home = site.get_list(list_code)
    found = connection.execute(
        _BY_KEY, {"list_id": home.id, "number": clean, "part": part_number}
    ).first()
    if found is None:
        raise NotFound(f"清单“{home.title}”中没有编号“{clean[:40]}”，或不在您的管辖范围内。")
    case = _case(site, found)
    _check_scope(connection, site, actor, case)
    return case
