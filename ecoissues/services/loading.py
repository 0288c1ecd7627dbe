"""Finding and locking one case within an actor's scope: outside it, it does not exist."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, select

from ecoissues.core.errors import NotFound
from ecoissues.core.policy import Actor
from ecoissues.core.values import Bad, clean_number
from ecoissues.services.recording import CaseRow
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.prepared import Prepared
from ecoissues.storage.scope import visible_cases

_COLUMNS = (
    t.cases.c.id, t.cases.c.list_id, t.cases.c.number, t.cases.c.part, t.cases.c.kind,
    t.cases.c.kind_version, t.cases.c.version, t.cases.c.state, t.cases.c.merged_into_id,
)  # fmt: skip
_BY_ID = select(*_COLUMNS).where(t.cases.c.id == bindparam("case_id"))
_READ, _LOCK = Prepared(_BY_ID), Prepared(_BY_ID.with_for_update())
_BY_KEY = select(*_COLUMNS).where(
    t.cases.c.list_id == bindparam("list_id"),
    t.cases.c.number == bindparam("number"),
    t.cases.c.part == bindparam("part"),
)


def _case(site: Site, row: Any) -> CaseRow:
    home = site.lists.get(row.list_id)
    if home is None:
        site.refresh()
        home = site.lists[row.list_id]
    return CaseRow(
        id=row.id, list_id=row.list_id, list_code=home.code, list_path=home.unit_path,
        number=row.number, part=row.part, kind=row.kind, kind_version=row.kind_version,
        version=row.version, state=row.state, merged_into_id=row.merged_into_id,
    )  # fmt: skip


def _check_scope(connection: Connection, site: Site, actor: Actor, case: CaseRow) -> None:
    if case.list_path.startswith(actor.scope_path):
        return
    where = visible_cases(site.tree, site.lists, actor.scope_path)
    if not connection.execute(select(t.cases.c.id).where(t.cases.c.id == case.id, where)).first():
        raise NotFound()


def lock_case(connection: Connection, site: Site, actor: Actor | None, case_id: int) -> CaseRow:
    """Read a case and hold it until commit. ``actor`` None: the system itself follows a merge.

    NotFound: no such case, or outside the actor's scope (the two answers are the same).
    """
    query = _READ if connection.dialect.name == "sqlite" else _LOCK
    row = query.run(connection, {"case_id": case_id}).first()
    if row is None:
        raise NotFound()
    case = _case(site, row)
    if actor is not None:
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
    except (Bad, ValueError):
        raise NotFound(f"没有找到“{key[:80]}”;请写成“清单代码/编号”。") from None
    home = site.get_list(list_code)
    found = connection.execute(
        _BY_KEY, {"list_id": home.id, "number": clean, "part": part_number}
    ).first()
    if found is None:
        raise NotFound(f"清单“{home.title}”中没有编号“{clean[:40]}”,或不在您的管辖范围内。")
    case = _case(site, found)
    _check_scope(connection, site, actor, case)
    return case
