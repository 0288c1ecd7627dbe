"""Comparing the rows of a sheet with the cases that stand under their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from ecoissues.services.import_plans import Plan, Planner
from ecoissues.services.ledger_rows import current_rows
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow

#: How a sheet writes a part of a split number.
_PART: Final = re.compile(r"(.+)-(\d{1,3})")


def stand(
    site: Site, connection: Connection, planner: Planner, plans: Sequence[Plan]
) -> dict[str, Any]:
    """Compare plans with the cases of their numbers; gives the rows of those cases by number."""
    numbers = [plan.number for plan in plans if plan.standing != "refused" or plan.lacking]
    found = dict(_existing(site, connection, planner.home, numbers))
    for plan in plans:
        case = found.get(plan.number)
        if case is None:
            plan.settle()
        if case is None or plan.standing == "refused":
            continue
        plan.case_id = case["id"]
        if case["elsewhere"]:
            plan.standing = "same"
            title = case["elsewhere"]
            plan.note("number", "placed_here", f"本件由“{title}”列入，请在该清单更新；本行不导入")
        elif case["phase"] == "void":
            sentence = f"编号 {plan.number} 已作废或不予受理；请核对编号，或先恢复该件。"
            planner.compare(plan, case)
            if plan.standing == "changed":
                plan.refuse("number", "case_void", sentence)
        elif case["merged"]:
            sentence = f"编号 {plan.number} 已并案，随主件办理；请在主件的行中填写。"
            planner.compare(plan, case)
            if plan.standing == "changed":
                plan.refuse("number", "follows", sentence)
        else:
            planner.compare(plan, case)
    return found


def _existing(
    site: Site, connection: Connection, home: ListRow, numbers: Sequence[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give (number as a sheet writes it, row) of the cases that stand, also of those placed here."""
    heads = _heads(connection, home, numbers)
    rows = current_rows(site, connection, [head.id for _, head in heads])
    for (shown, head), row in zip(heads, rows, strict=True):
        filled = {key: value for key, value in row.items() if value not in (None, "")}
        elsewhere = head.list_id != home.id
        yield shown, {
            **row["fields"], **filled, "id": head.id, "merged": head.merged_into_id is not None,
            "elsewhere": site.lists[head.list_id].title if elsewhere else "",
        }  # fmt: skip


def _heads(
    connection: Connection, home: ListRow, numbers: Sequence[str]
) -> list[tuple[str, Any]]:
    """Find cases by number: of the list itself, parts written NUMBER-PART, then those placed on it."""
    c, p = t.cases.c, t.case_placements.c
    query = select(c.id, c.list_id, c.number, c.part, c.merged_into_id)
    split = {shown: part for shown in numbers if (part := _PART.fullmatch(shown))}
    wanted = {*numbers, *(part[1] for part in split.values())}
    own = query.where(c.list_id == home.id, c.number.in_(sorted(wanted)))
    found = {(row.number, row.part): row for row in connection.execute(own)}
    heads = {shown: found[shown, 0] for shown in numbers if (shown, 0) in found}
    for shown, part in split.items():
        if shown not in heads and (part[1], int(part[2])) in found:
            heads[shown] = found[part[1], int(part[2])]
    rest = [shown for shown in numbers if shown not in heads]
    placed = (
        query.join(t.case_placements, p.case_id == c.id)
        .where(p.list_id == home.id, c.number.in_(rest), c.part == 0)
        .order_by(c.id.desc())
    )
    heads.update({row.number: row for row in connection.execute(placed)} if rest else {})
    return list(heads.items())
