"""Quick look-ups for pages: a case by its number, units by what is typed, possible duplicates."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, or_, select

from ecoissues.core.policy import Actor
from ecoissues.core.values import Bad, clean_number
from ecoissues.core.vocabulary import UNIT_KINDS
from ecoissues.services.site import Site
from ecoissues.services.unit_finder import full_name, search_units
from ecoissues.storage import search
from ecoissues.storage import tables as t
from ecoissues.storage.scope import visible_cases


def by_number(site: Site, actor: Actor, typed: str, most: int = 20) -> list[int]:
    """Give the ids of the visible cases with this number, in any list; LIST/NUMBER works too."""
    list_code, _, rest = typed.rpartition("/")
    try:
        number, _ = clean_number(rest)
    except Bad:
        return []
    where = [t.cases.c.number == number, visible_cases(site.tree, site.lists, actor.scope_path)]
    if list_code:
        where.append(t.cases.c.list_id == site.list_ids.get(list_code, 0))
    with site.store.reading() as connection:
        query = select(t.cases.c.id).where(*where).order_by(t.cases.c.id).limit(most)
        return list(connection.execute(query).scalars())


def units(site: Site, typed: str, most: int = 12) -> list[dict[str, str]]:
    """Give units for the picker: code, full name, kind."""
    tree = site.tree
    return [
        {"code": unit.code, "name": full_name(tree, unit), "kind": UNIT_KINDS[unit.kind][0]}
        for unit in search_units(tree, typed, most=most)
    ]


def similar_cases(
    connection: Connection, site: Site, actor: Actor, case_id: int, words: str = "", most: int = 8
) -> list[dict[str, Any]]:
    """Give cases of the same list that may be the same matter as a case.

    Candidates have the same site, hold the words typed, or a piece of its title; void and merged
    ones are left out. The words come first.
    """
    own = connection.execute(
        select(t.cases.c.list_id, t.cases.c.site, t.cases.c.title).where(t.cases.c.id == case_id)
    ).one()
    tests = []
    if words:
        found = search.matching(words, t.cases.c.id, connection.dialect.name)
        tests = [or_(t.cases.c.number.contains(words, autoescape=True), found)
                 if found is not None else t.cases.c.number.contains(words, autoescape=True)]  # fmt: skip
    else:
        if own.site:
            tests.append(t.cases.c.site == own.site)
        if len(own.title) >= 6:
            tests.append(t.cases.c.title.startswith(own.title[:6], autoescape=True))
    if not tests:
        return []
    query = (
        select(t.cases.c.id, t.cases.c.number, t.cases.c.part, t.cases.c.title, t.cases.c.site,
               t.cases.c.received_on, t.cases.c.phase)
        .where(t.cases.c.list_id == own.list_id, t.cases.c.id != case_id,
               t.cases.c.merged_into_id.is_(None), t.cases.c.phase != "void", or_(*tests),
               visible_cases(site.tree, site.lists, actor.scope_path))
        .order_by(t.cases.c.received_on.desc(), t.cases.c.id)
        .limit(most)
    )  # fmt: skip
    code = site.lists[own.list_id].code
    return [
        {**row._mapping, "key": f"{code}/{row.number}" + (f"/{row.part}" if row.part else "")}
        for row in connection.execute(query)
    ]
