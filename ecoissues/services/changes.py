"""The record of changes beside the cases: accounts, units, lists, batches, settings, calendars, kinds.

Whoever writes such a thing notes it in the same transaction (``note``); auditors read it
(``read_changes``). It holds no secret: of a password only that it was reset, of an address only
whether there is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, func, insert, or_, select

from ecoissues.core import policy
from ecoissues.core.digests import canonical
from ecoissues.core.errors import Refused
from ecoissues.core.instants import SHANGHAI, instant_text
from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import ADMIN_CHANGES, JOINT_COUNTINGS, ROLES
from ecoissues.services.site import Site
from ecoissues.services.timeline import local_minute
from ecoissues.storage.tables_changes import admin_changes as table

#: Changes on a page.
SIZE: Final = 50
_C = table.c
#: Values that have words.
_WORDS: Final[Mapping[str, Mapping[str, Sequence[str]]]] = {
    "role": ROLES, "counting": JOINT_COUNTINGS,
    "status": {"official": ("已公布",), "provisional": ("暂定",)},
}  # fmt: skip


class Wanted(msgspec.Struct, frozen=True):
    """Which changes are asked for; empty: all. ``before``: a number, the page begins below it."""

    sort: str = ""
    actor: str = ""
    target: str = ""
    since: date | None = None
    until: date | None = None
    before: int = 0


class Change(msgspec.Struct, frozen=True):
    """One change: when, who, what, and each value before and after it."""

    id: int
    at: str
    actor: str
    sort: str
    title: str
    target: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str

    @property
    def values(self) -> list[tuple[str, str, str]]:
        """Give (name, before, after) of each value that changed."""
        names = dict.fromkeys([*self.before, *self.after])
        return [
            (name, _text(name, self.before.get(name)), _text(name, self.after.get(name)))
            for name in names
        ]

    @property
    def who(self) -> str:
        """Give the account, or say that it was the command line."""
        return "命令行" if self.actor == "console" else self.actor


class Changes(msgspec.Struct, frozen=True):
    """A page of changes. ``older``: the number below which it goes on, 0 at the end."""

    records: list[Change]
    older: int


def note(
    site: Site,
    connection: Connection,
    who: str,
    sort: str,
    target: str,
    *,
    path: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Note a change in the transaction that makes it; values that stay as they were are left out.

    In: ``sort``, a key of ADMIN_CHANGES; ``path`` of the unit concerned, "" for the whole site.
    """
    assert sort in ADMIN_CHANGES, sort
    was, now = dict(before or {}), dict(after or {})
    same = {name for name in was if name in now and was[name] == now[name]}
    connection.execute(
        insert(table).values(
            at=instant_text(site.now()), actor=who, sort=sort, target=target[:80], path=path,
            before=canonical({name: was[name] for name in was if name not in same}),
            after=canonical({name: now[name] for name in now if name not in same}),
            reason=reason.strip()[:500],
        )
    )  # fmt: skip


def read_changes(site: Site, actor: Actor, wanted: Wanted) -> Changes:
    """Read a page of changes in the actor's scope, newest first; days are those of Shanghai.

    Refused ``bad_filter`` for a sort there is not.
    """
    policy.require(actor, "log.read")
    if wanted.sort and wanted.sort not in ADMIN_CHANGES:
        raise Refused("bad_filter", f"没有变更类别“{wanted.sort[:20]}”；请从页面上选择。")
    inside = func.substr(_C.path, 1, len(actor.scope_path)) == actor.scope_path
    query = select(table).where(or_(_C.path == "", inside))
    for column, value in ((_C.sort, wanted.sort), (_C.actor, wanted.actor),
                          (_C.target, wanted.target)):  # fmt: skip
        if value:
            query = query.where(column == value)
    if wanted.since:
        query = query.where(_C.at >= _begin(wanted.since))
    if wanted.until:
        query = query.where(_C.at < _begin(wanted.until + timedelta(1)))
    if wanted.before:
        query = query.where(_C.id < wanted.before)
    with site.store.reading() as connection:
        rows = connection.execute(query.order_by(_C.id.desc()).limit(SIZE + 1)).mappings().all()
    found = [
        Change(
            row["id"], local_minute(row["at"]), row["actor"], row["sort"],
            ADMIN_CHANGES[row["sort"]][0] if row["sort"] in ADMIN_CHANGES else row["sort"],
            row["target"], msgspec.json.decode(row["before"]), msgspec.json.decode(row["after"]),
            row["reason"],
        )
        for row in rows[:SIZE]
    ]  # fmt: skip
    return Changes(found, found[-1].id if len(rows) > SIZE else 0)


def _begin(day: date) -> str:
    return instant_text(datetime.combine(day, time.min, SHANGHAI))


def _text(name: str, value: Any) -> str:
    if value is None or value == "":
        return "—"
    if value in _WORDS.get(name, {}):
        return _WORDS[name][value][0]
    if name == "accepted_at":
        return local_minute(value)
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value)
