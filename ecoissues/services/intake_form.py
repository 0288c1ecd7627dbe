"""What the form for registering a case on a list needs to know."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from sqlalchemy import select

from ecoissues.core import policy, workflow
from ecoissues.core.kinds import Step
from ecoissues.core.policy import Actor
from ecoissues.services.loading import load_case
from ecoissues.services.site import Site
from ecoissues.services.stepform import Options, regions
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow


class ListForm(msgspec.Struct):
    """The registration form of a list before anything is filled in."""

    home: ListRow
    kind_name: str
    step: Step
    initial: dict[str, Any]
    options: dict[str, Options]
    batches: list[str]
    site_field: str = ""
    site_label: str = ""


def prepare(site: Site, actor: Actor, code: str) -> ListForm:
    """Make the registration form of a list. NotFound, or Forbidden unless the list is his."""
    home = site.get_list(code)
    kind = site.kind_of(home.kind, home.kind_version)
    step = next(s for s in workflow.possible_steps(kind, "") if s.effect == "register")
    policy.require_step(actor, step, (), home.unit_path)
    with site.store.reading() as connection:
        query = select(t.batches.c.name).where(t.batches.c.list_id == home.id)
        batches = list(connection.execute(query.order_by(t.batches.c.ordinal.desc())).scalars())
    options = {field.code: regions(site) for field in step.fields if field.words == "regions"}
    initial: dict[str, Any] = {"received_on": site.today().isoformat(), "weight": "normal"}
    owner = site.tree.by_code[home.unit_code]
    top = site.tree.by_id.get(owner.top_id)
    if top is not None and top.kind == "district":
        initial["region"] = top.name
    item = next((field for field in step.fields if field.code == kind.site_field), None)
    return ListForm(
        home, kind.wording.zh, step, initial, options, batches, kind.site_field,
        item.zh if item else "",
    )


def parent_id(site: Site, actor: Actor, key: str | None) -> int | None:
    """Give the id of the case a new one is derived from (举一反三); NotFound if it is not visible."""
    if not key:
        return None
    with site.store.reading() as connection:
        return load_case(connection, site, actor, key).id


def number_doubt(site: Site, code: str, number: str) -> str:
    """Say that a number is unusual for its kind; it is taken all the same. "" when it is usual."""
    home = site.get_list(code)
    kind = site.kind_of(home.kind, home.kind_version)
    bare = number.partition("/")[0]
    if not kind.number_patterns or any(re.fullmatch(p, bare) for p in kind.number_patterns):
        return ""
    return f"编号 {bare} 与该类清单常见的编号写法不同，请核对；已照原样登记。"
