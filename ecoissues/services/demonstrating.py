"""The demonstration site as the services see it: may it begin, what it is made of, its removal."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from sqlalchemy import Connection, func, insert, select

from ecoissues.core.errors import Refused
from ecoissues.figures import sums
from ecoissues.services import starting
from ecoissues.services.site import Site
from ecoissues.storage import schema
from ecoissues.storage import tables as t
from ecoissues.storage.reference import get_setting, list_users, put_setting

#: Settings: whether the demonstration stands here, and the password its accounts share.
DEMO: Final = "demo"
PASSWORD: Final = "demo_password"  # noqa: S105 - the name of a setting
_BEGUN, _LOADED = "begun", "1"
_HALVES: Final = 120

State = Literal["empty", "broken", "demo", "ordinary"]


def state_of(site: Site) -> State:
    """Tell what stands in a database: nothing yet, a load of the demonstration that broke off, the
    demonstration, or an office's own data."""
    with site.store.reading() as connection:
        marked = get_setting(connection, DEMO, "")
        if marked == _LOADED:
            return "demo"
        head = connection.execute(select(t.head.c.pos, t.head.c.ordinary)).one()
        if not _only_demo(connection) or head.ordinary or (head.pos and marked != _BEGUN):
            return "ordinary"
        return "broken" if head.pos else "empty"


def _only_demo(connection: Connection) -> bool:
    """Whether every list and every account belongs to the demonstration."""
    own = (
        select(func.count()).select_from(table).where(~table.c.is_demo)
        for table in (t.lists, t.users)
    )
    return not any(connection.execute(query).scalar_one() for query in own)


def make_way(site: Site) -> None:
    """Make sure that the demonstration may be loaded; what a broken load left is cleared away.

    Refused ``demo_refused`` where ordinary data stands, ``demo_loaded`` where it is loaded.
    """
    state = state_of(site)
    if state == "ordinary":
        raise Refused(
            "demo_refused", "本站已有正式账号、清单或记录，不能装入演示数据；未作任何改动。"
        )
    if state == "demo":
        raise Refused("demo_loaded", "演示数据已经装入，未重复装入。")
    if state == "broken":
        _begin_anew(site)


def begin(
    site: Site,
    lists: Iterable[Mapping[str, Any]],
    batches: Iterable[tuple[str, str, int, str, str]],
    users: Iterable[Mapping[str, Any]],
) -> None:
    """Add the demonstration's lists, batches and accounts, unless a broken load did already.

    In: rows as ``starting.add_lists`` takes them; (list code, name, ordinal, handed over on, results
    due on); (name, display, role, unit code, password hash, active). All marked as demonstration.
    """
    with site.store.writing() as connection:
        if get_setting(connection, DEMO, "") != _BEGUN:
            put_setting(connection, DEMO, _BEGUN)
            starting.add_lists(connection, ({**row, "is_demo": True} for row in lists))
            for batch in batches:
                starting.add_batch(connection, *batch)
            _add_users(connection, site, users)
    site.refresh()


def _add_users(connection: Connection, site: Site, users: Iterable[Mapping[str, Any]]) -> None:
    units = {code: unit.id for code, unit in site.tree.by_code.items()}
    rows = [
        {
            "name": user["name"], "display": user["display"], "role": user["role"],
            "unit_id": units[user["unit"]], "password": user["password"],
            "active": user["active"], "is_demo": True,
        }
        for user in users
    ]  # fmt: skip
    connection.execute(insert(t.users), rows)


def users_of(site: Site) -> list[dict[str, Any]]:
    """Give every account with its unit, as plain mappings."""
    with site.store.reading() as connection:
        return list_users(connection)


def seal(
    site: Site, connection: Connection, people: Iterable[tuple[int, dict[str, str]]]
) -> None:
    """Keep the invented complainants of some cases, sealed like real ones."""
    rows = [{"case_id": case_id, "sealed": site.sealer.seal(one)} for case_id, one in people]
    if rows:
        connection.execute(insert(t.complainants), rows)


def finish(connection: Connection, password: str) -> None:
    """Mark the demonstration as loaded, in the transaction that loaded it."""
    put_setting(connection, DEMO, _LOADED)
    put_setting(connection, PASSWORD, password)


def sum_up(site: Site) -> None:
    """Build the day sums and checkpoints that boards are read from."""
    sums.rebuild(site.store, chunk=_HALVES)  # nobody else writes yet: few, long transactions


def remove(site: Site) -> None:
    """Remove the demonstration as a whole: the database begins anew with its units alone.

    The log is for good, so no part of it can be taken out: Refused ``demo_mixed`` unless every list
    and account belongs to the demonstration, ``demo_missing`` when there is none.
    """
    if state_of(site) != "demo":
        raise Refused("demo_missing", "本站没有装入演示数据，未删除任何内容。")
    with site.store.reading() as connection:
        if not _only_demo(connection):
            raise Refused(
                "demo_mixed",
                "本站除演示数据外已有正式清单或账号；日志不可部分删除，未删除任何内容。",
            )
    _begin_anew(site)


def _begin_anew(site: Site) -> None:
    site.store.close()
    schema.downgrade(site.store.url, "base")
    starting.upgrade(site)
    shutil.rmtree(site.blobs.folder, ignore_errors=True)
