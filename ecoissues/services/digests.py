"""One digest a day for each person: what is late, due, near, by number and day alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select

from ecoissues.core.reminding import SORTS, thought_of
from ecoissues.core.units import HANDLING
from ecoissues.services.notifying import Group, Notify
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage import tables_notices as n

#: Lines written out per digest; the rest is counted.
_MOST: Final = 40
_ORDER: Final = {sort: place for place, sort in enumerate(SORTS)}
#: Sorts that concern more people than the officers.
_HEADS: Final = frozenset({"chase", "order", "today", "urgent", "suspended"})
_OFFICES: Final = frozenset({"chase", "order", "suspended"})


#: (rule, case id, clock, due day) of each reminder that went out.
Told = set[tuple[Any, ...]]


class Item(msgspec.Struct, frozen=True, gc=False):
    """One reminder: a clock of a case, by its rule and sort; ``late``: days overdue."""

    case_id: int
    key: str
    list_id: int
    unit_id: int
    top_id: int
    clock: str
    clock_name: str
    due: str
    rule: str
    sort: str
    late: int


def digests(
    site: Site, connection: Connection, items: list[Item], day: date, notify: Notify
) -> list[dict[str, Any]]:
    """Give the rows of the outbox: per person one in the desk and, where an address is known, one
    by mail; per enabled group counts."""
    if not items:
        return []
    by_unit, by_scope = _concerned(site, connection, items)
    made = []
    for user in _people(connection):
        own = _own(user, by_unit, by_scope)
        if not own:
            continue
        supervises = user["role"] == "supervisor"
        row = {
            "recipient": user["name"], "day": day.isoformat(), "subject": _subject(own, day),
            "body": _body(own, day, notify.link, supervises=supervises),
            "items": msgspec.json.encode([_kept(one, supervises) for one in own[:200]]).decode(),
        }  # fmt: skip
        made.append({**row, "channel": "desk"})
        if notify.mail is not None and user["mail"]:
            made.append({**row, "channel": "mail"})
    made += [
        _group_row(site, group, items, day, notify.link) for group in notify.groups if group.enabled
    ]
    return made


def _people(connection: Connection) -> list[dict[str, Any]]:
    """Give the accounts that may be told: active, of the roles that act, with their addresses."""
    query = (
        select(t.users.c.name, t.users.c.role, t.users.c.unit_id, t.units.c.scope_path,
               n.contacts.c.mail)
        .join(t.units, t.units.c.id == t.users.c.unit_id)
        .outerjoin(n.contacts, n.contacts.c.user_id == t.users.c.id)
        .where(t.users.c.active, t.users.c.role.in_(("officer", "head", "supervisor")))
        .order_by(t.users.c.id)
    )  # fmt: skip
    return [dict(row) for row in connection.execute(query).mappings()]


def _concerned(
    site: Site, connection: Connection, items: list[Item]
) -> tuple[dict[int, list[Item]], dict[str, list[Item]]]:
    """Give the items by handling unit, and what offices must know by the path they work for."""
    joint: dict[int, set[int]] = {}
    p = t.case_parties.c
    query = select(p.case_id, p.unit_id).where(p.party.in_(HANDLING))
    wanted = {one.case_id for one in items}
    for case_id, unit_id in connection.execute(query):
        if case_id in wanted:
            joint.setdefault(case_id, set()).add(unit_id)
    by_unit: dict[int, list[Item]] = {}
    by_scope: dict[str, list[Item]] = {}
    lists, units = site.lists, site.tree.by_id
    for one in items:
        for unit_id in joint.get(one.case_id) or (one.unit_id,):
            by_unit.setdefault(unit_id, []).append(one)
        if one.sort in _OFFICES:
            for path in {lists[one.list_id].unit_path, units[one.top_id].path}:
                by_scope.setdefault(path, []).append(one)
    return by_unit, by_scope


def _own(
    user: dict[str, Any], by_unit: dict[int, list[Item]], by_scope: dict[str, list[Item]]
) -> list[Item]:
    match user["role"]:
        case "officer":
            found = by_unit.get(user["unit_id"], [])
        case "head":
            found = [one for one in by_unit.get(user["unit_id"], []) if one.sort in _HEADS]
        case _:
            found = by_scope.get(user["scope_path"], [])
    return sorted(found, key=lambda one: (_ORDER[one.sort], -one.late, one.due, one.key))


def _subject(own: Iterable[Item], day: date) -> str:
    return f"督察事项提醒 {day}：{_counts(own)}"


def _counts(own: Iterable[Item]) -> str:
    counted: dict[str, set[int]] = {}
    for one in own:
        counted.setdefault(one.sort, set()).add(one.case_id)
    names = {"chase": "逾期", "order": "督办未答复", "today": "今日到期", "urgent": "即将到期", "soon": "临期",
             "suspended": "中止超期"}  # fmt: skip
    return "，".join(f"{names[sort]} {len(counted[sort])} 件" for sort in SORTS if sort in counted)


def _body(own: list[Item], day: date, link: str, *, supervises: bool) -> str:
    lines = [f"{day} 督察事项提醒：{_counts(own)}。", ""]
    for sort, (name, _) in SORTS.items():
        these = [one for one in own if one.sort == sort]
        if not these:
            continue
        lines.append(f"{name}（{len(these)} 项）")
        lines += [f"· {line_of(one, supervises)}" for one in these[:_MOST]]
        if len(these) > _MOST:
            lines.append(f"· 其余 {len(these) - _MOST} 项请在工作台查看。")
        lines.append("")
    lines.append(f"详情请登录系统查看：{link}" if link else "详情请登录系统查看。")
    return "\n".join(lines)


def line_of(one: Item, supervises: bool) -> str:
    """Say one reminder in a line: number, clock, day, delay."""
    text = f"{one.key}，{one.clock_name} {one.due}"
    if one.late:
        text += f"，已逾期 {one.late} 天"
        if supervises and (advice := thought_of(one.late, one.sort)):
            text += f"；{advice}"
    return text


def _kept(one: Item, supervises: bool) -> dict[str, Any]:
    return {"case": one.case_id, "sort": one.sort, "text": line_of(one, supervises)}


def _group_row(
    site: Site, group: Group, items: list[Item], day: date, link: str
) -> dict[str, Any]:
    """Counts and a link, nothing else: a commercial messenger reads along."""
    unit = site.tree.by_code.get(group.unit)
    path = unit.path if unit else ""
    own = [one for one in items if site.tree.by_id[one.unit_id].path.startswith(path)]
    counted = _counts(own) or "没有新的提醒"
    return {
        "channel": "group", "recipient": group.name[:80], "day": day.isoformat(),
        "subject": f"督察事项提醒 {day}", "items": "[]",
        "body": f"{day}：{counted}。" + (f"\n{link}" if link else ""),
    }  # fmt: skip
