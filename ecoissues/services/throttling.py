"""How often one address may fail to sign in, whatever the accounts it tries.

The lock of an account stops guessing at one person; this stops trying one password on everybody,
and keeps a flood of attempts from filling the processors with hashes: an attempt is counted before
its password is looked at, and given back when it was right. The count stands in the database, so
that several processes keep one.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from ecoissues.core.errors import Refused
from ecoissues.core.instants import SHANGHAI, instant_text
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.reference import get_setting

#: Failures of one address within ``WINDOW``; many people may share one behind an office's gateway.
MOST_FAILURES: Final = 30
WINDOW: Final = timedelta(minutes=15)
#: Name of the setting that replaces ``MOST_FAILURES``.
SETTING: Final = "address_failures"


def network_of(address: str | None) -> str:
    """Name what counts as one address: an IPv4 address, or the /64 network of an IPv6 one.

    "" for none (a Unix socket, the command line): such attempts are not counted.
    """
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def enter(site: Site, network: str) -> None:
    """Count an attempt as a failure until ``give_back``.

    In: the network as ``network_of`` names it. Refused ``too_many_sign_ins`` (facts: ``seconds`` to
    wait) when so many have failed that none is looked at until the window has passed.
    """
    if network:
        site.store.write(lambda connection: _count(connection, network, site.now()))


def _count(connection: Connection, network: str, now: datetime) -> None:
    a = t.sign_in_addresses
    query = select(a.c.failures, a.c.since).where(a.c.network == network)
    if connection.dialect.name != "sqlite":
        query = query.with_for_update()
    row = connection.execute(query).first()
    begun = instant_text(now - WINDOW)
    if row is None or row.since <= begun:
        # A new window: those of others that have passed say nothing any more.
        connection.execute(delete(a).where(a.c.since <= begun))
        connection.execute(insert(a).values(network=network, failures=1, since=instant_text(now)))
        return
    allowed = get_setting(connection, SETTING, "")
    if row.failures >= (int(allowed) if allowed.isdigit() else MOST_FAILURES):
        opens = datetime.fromisoformat(row.since) + WINDOW
        raise Refused(
            "too_many_sign_ins",
            f"本机所在网络地址 15 分钟内登录失败次数过多，请于 {opens.astimezone(SHANGHAI):%H:%M} 以后再试，"
            "或换一台机器。账号本身没有因此被锁定。",
            seconds=max(1, int((opens - now).total_seconds()) + 1),
        )
    connection.execute(update(a).where(a.c.network == network).values(failures=a.c.failures + 1))


def give_back(connection: Connection, network: str) -> None:
    """Take back the count of an attempt whose password was right, in the caller's transaction."""
    a = t.sign_in_addresses
    connection.execute(
        update(a).where(a.c.network == network, a.c.failures > 0).values(failures=a.c.failures - 1)
    )
