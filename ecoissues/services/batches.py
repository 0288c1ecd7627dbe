"""Batches of a list: when each was handed over and when its results are due, and changing that.

The days of a batch are what its notice says; clocks of cases stay as their events fixed them. A
change is noted with its reason.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update

from ecoissues.core import policy
from ecoissues.core.errors import Forbidden, NotFound, Refused
from ecoissues.core.policy import Actor
from ecoissues.core.values import Bad, clean_date
from ecoissues.services import changes
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow

_B = t.batches.c


class Batch(msgspec.Struct, frozen=True):
    """A batch: its name, its days (None: not said), how many cases it holds."""

    name: str
    handed_over_on: str | None
    results_due_on: str | None
    cases: int


def list_batches(site: Site, actor: Actor, list_code: str) -> list[Batch]:
    """Give the batches of a list, newest first. NotFound for a list outside the scope."""
    policy.require(actor, "list.read")
    row = _list(site, actor, list_code)
    counted = (
        select(func.count()).where(t.cases.c.batch_id == _B.id).correlate(t.batches)
    ).scalar_subquery()
    query = select(_B.name, _B.handed_over_on, _B.results_due_on, counted)
    with site.store.reading() as connection:
        rows = connection.execute(query.where(_B.list_id == row.id).order_by(_B.ordinal.desc()))
        return [Batch(*found) for found in rows]


def may_change(site: Site, actor: Actor, list_code: str) -> bool:
    """Tell whether an actor may change a list's batches: a supervisor of the office that keeps it."""
    office = policy.is_office(actor, site.get_list(list_code).unit_path)
    return policy.may(actor, "batch.change") and office


def change_batch(
    site: Site, actor: Actor, list_code: str, name: str, given: dict[str, str]
) -> Batch:
    """Change the days of a batch.

    In: ``given`` with handed_over_on, results_due_on (texts, "" for none) and reason.
    Refused ``bad_batch`` with ``errors``; Forbidden for anyone but a supervisor of the list's
    office; NotFound for a batch there is not.
    """
    policy.require(actor, "batch.change")
    row = _list(site, actor, list_code)
    if not policy.is_office(actor, row.unit_path):
        raise Forbidden("只有该清单的督察办可以改动批次，未作任何改动。", "not_office")
    values = _checked(given)
    with site.store.writing() as connection:
        before = _find(connection, row, name)
        same = _B.list_id == row.id, _B.name == name
        connection.execute(update(t.batches).where(*same).values(**values))
        changes.note(
            site, connection, actor.name, "batch.changed", f"{row.code}/{name}",
            path=row.unit_path, before=before, after=values, reason=given["reason"],
        )  # fmt: skip
    return next(one for one in list_batches(site, actor, list_code) if one.name == name)


def _checked(given: dict[str, str]) -> dict[str, str | None]:
    errors: dict[str, str] = {}
    values: dict[str, str | None] = {}
    for name in ("handed_over_on", "results_due_on"):
        text = given.get(name, "").strip()
        try:
            values[name] = clean_date(text).isoformat() if text else None
        except Bad as bad:
            errors[name] = str(bad)
    handed, due = values.get("handed_over_on"), values.get("results_due_on")
    if handed and due and date.fromisoformat(due) < date.fromisoformat(handed):
        errors["results_due_on"] = "结果应报日期不能早于转办日期。"
    if not given.get("reason", "").strip():
        errors["reason"] = "请填写改动理由。"
    if errors:
        raise Refused("bad_batch", "批次没有改动，请更正后再提交。", errors=errors)
    return values


def _find(connection: Connection, row: ListRow, name: str) -> dict[str, Any]:
    query = select(_B.handed_over_on, _B.results_due_on)
    found = connection.execute(query.where(_B.list_id == row.id, _B.name == name)).mappings().first()
    if found is None:
        raise NotFound(f"“{row.title}”中没有批次“{name[:40]}”。")
    return dict(found)


def _list(site: Site, actor: Actor, code: str) -> ListRow:
    row = site.get_list(code)
    within = row.unit_path.startswith(actor.scope_path) or actor.scope_path.startswith(row.unit_path)
    if not within:
        raise NotFound(f"没有清单“{code[:40]}”，或不在您的管辖范围内。")
    return row
