"""What a case hangs together with: its batch, the case it follows, its origin, its parts."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection, or_, select

from ecoissues.core import policy
from ecoissues.core.kinds import Kind
from ecoissues.core.policy import Actor
from ecoissues.services.recording import CaseRow
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.scope import visible_cases


class Child(msgspec.Struct, frozen=True):
    """A part of the case that is a case of its own, and where it stands."""

    id: int
    number: str
    title: str
    state: str
    phase: str
    due: str


def links_of(connection: Connection, site: Site, actor: Actor, case: CaseRow) -> dict[str, Any]:
    """Give a case's batch and its links, by the names of ``CaseFile``: main case and followers,
    origin and what was derived from it, the case it is a part of and its own parts.

    Of followers and derived cases those in the actor's scope: the others tell him nothing, not even
    that they are there (one may complain of his own unit).
    """
    c = t.cases.c
    own = connection.execute(
        select(c.parent_id, c.merged_into_id, t.batches.c.name.label("batch"))
        .select_from(t.cases.outerjoin(t.batches, t.batches.c.id == c.batch_id))
        .where(c.id == case.id)
    ).one()
    near = [own.parent_id or 0, own.merged_into_id or 0]
    rows = connection.execute(
        select(
            c.id, c.list_id, c.number, c.part, c.title, c.parent_id, c.merged_into_id, c.kind,
            c.kind_version, c.state, c.phase, c.due_on,
        )
        .where(or_(c.id.in_(near), c.merged_into_id == case.id, c.parent_id == case.id))
        .order_by(c.id)
    ).all()
    shown = {row.id: f"{row.number}-{row.part}" if row.part else row.number for row in rows}
    main = own.merged_into_id
    child = site.kind_of(case.kind, case.kind_version).children
    below = [row for row in rows if row.parent_id == case.id]
    seen = _seen(connection, site, actor, [row.id for row in rows])
    return {
        "batch": own.batch or "",
        "main_case": (main, shown[main]) if main in shown else None,
        "parent": (own.parent_id, shown[own.parent_id]) if own.parent_id in shown else None,
        "followers": [(r.id, shown[r.id], r.title) for r in rows
                      if r.merged_into_id == case.id and r.id in seen],
        "is_child": any(r.id == own.parent_id and _has_part(site, r, case) for r in rows),
        "derived": [(r.id, shown[r.id]) for r in below if r.kind != child and r.id in seen],
        "children": [
            Child(
                r.id, shown[r.id], r.title,
                site.kind_of(r.kind, r.kind_version).state_by_code[r.state].zh, r.phase,
                r.due_on or "",
            )
            for r in below
            if r.kind == child
        ],
    }  # fmt: skip


def _seen(connection: Connection, site: Site, actor: Actor, case_ids: list[int]) -> set[int]:
    if not case_ids:
        return set()
    visible = visible_cases(site.tree, site.lists, actor.scope_path, one_by_one=True)
    return set(
        connection.execute(
            select(t.cases.c.id).where(t.cases.c.id.in_(case_ids), visible)
        ).scalars()
    )


def _has_part(site: Site, parent: Any, case: CaseRow) -> bool:
    return site.kind_of(parent.kind, parent.kind_version).children == case.kind


def child_lists(site: Site, actor: Actor, kind: Kind) -> list[tuple[str, str]]:
    """Give (code, title) of the lists on which the actor may register a part of the case."""
    if not kind.children or not policy.may(actor, "case.register"):
        return []
    return [
        (row.code, row.title)
        for row in site.lists.values()
        if row.kind == kind.children and policy.is_office(actor, row.unit_path)
    ]
