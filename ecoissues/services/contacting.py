"""Where people are told: the mail address of an account, and what its desk shows of reminders."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from sqlalchemy import delete, insert, select

from ecoissues.core.errors import NotFound, Refused
from ecoissues.core.policy import Actor
from ecoissues.services import changes
from ecoissues.services.site import Site
from ecoissues.storage import reference
from ecoissues.storage import tables_notices as n

_ADDRESS: Final = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\".]+")
_O = n.outbox.c


class Digest(msgspec.Struct, frozen=True):
    """One day's reminders of a person: the day, its counts in words, (case id, sort, line) each."""

    day: str
    subject: str
    lines: list[tuple[int, str, str]]


def set_mail(site: Site, name: str, address: str, by: str = "console") -> None:
    """Set the address an account is reminded at; "" takes it away. ``by``: who sets it.

    NotFound for an unknown account; Refused ``bad_mail``.
    """
    address = address.strip()
    if address and (not _ADDRESS.fullmatch(address) or len(address) > 200):
        raise Refused("bad_mail", "邮箱地址写法不对，请核对。未作任何改动。",
                      errors={"mail": "邮箱地址写法不对。"})  # fmt: skip
    with site.store.writing() as connection:
        user = reference.find_user(connection, name)
        if user is None:
            raise NotFound(f"没有账号“{name[:40]}”。")
        gone = connection.execute(delete(n.contacts).where(n.contacts.c.user_id == user["id"]))
        if address:
            connection.execute(insert(n.contacts).values(user_id=user["id"], mail=address))
        changes.note(
            site, connection, by, "mail.set", name, path=user["unit_path"],
            before={"mail": bool(gone.rowcount)}, after={"mail": bool(address)},
        )  # fmt: skip


def read_digests(site: Site, actor: Actor, most: int = 7) -> list[Digest]:
    """Give the newest digests of an actor's own desk, newest first."""
    query = (
        select(_O.day, _O.subject, _O["items"].label("told"))
        .where(_O.channel == "desk", _O.recipient == actor.name)
        .order_by(_O.day.desc())
        .limit(most)
    )
    with site.store.reading() as connection:
        rows = connection.execute(query).all()
    return [Digest(row.day, row.subject, _lines(row.told)) for row in rows]


def _lines(items: str) -> list[tuple[int, str, str]]:
    decoded: list[dict[str, Any]] = msgspec.json.decode(items)
    return [(one["case"], one["sort"], one["text"]) for one in decoded]
