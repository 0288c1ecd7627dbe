"""Sending what stands in the outbox: mail by the office's server, groups through a library.

A message is claimed before it is sent, so that two senders never send the same one; what failed is
tried again ever later, and given up after a day of trying.
"""

from __future__ import annotations

import smtplib
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any, Final

import msgspec
from sqlalchemy import select, update

from ecoissues.core.instants import instant_text
from ecoissues.services.notifying import Group, Mail, Notify, read_notify, secret_of
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage import tables_notices as n

_O = n.outbox.c
_TRIES: Final = 9
_FIRST: Final = timedelta(minutes=5)
_TIMEOUT: Final = 20.0
_NEVER: Final = "9999-12-31T23:59:59.000000Z"


class Delivered(msgspec.Struct, frozen=True):
    """How many messages were sent, and how many failed this time."""

    sent: int = 0
    failed: int = 0


def deliver(site: Site) -> Delivered:
    """Send every message that is due. Refused ``bad_notify``: the settings cannot be read."""
    notify = read_notify(site.data)
    sent = failed = 0
    for row in _due(site):
        if not _claim(site, row):
            continue
        try:
            _send(site, notify, row)
        except Exception as error:  # whatever a server or a library throws: try later
            failed += 1
            _settle(site, row["id"], error=_told(error))
        else:
            sent += 1
            _settle(site, row["id"], sent_at=instant_text(site.now()))
    return Delivered(sent, failed)


def _due(site: Site) -> list[dict[str, Any]]:
    now = instant_text(site.now())
    query = (
        select(n.outbox, n.contacts.c.mail)
        .outerjoin(t.users, t.users.c.name == _O.recipient)
        .outerjoin(n.contacts, n.contacts.c.user_id == t.users.c.id)
        .where(_O.sent_at.is_(None), _O.next_at <= now, _O.channel != "desk")
        .order_by(_O.id)
    )
    with site.store.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _claim(site: Site, row: dict[str, Any]) -> bool:
    """Take a message before it is sent; its next try is set already, should we break off."""
    tried = row["attempts"] + 1
    later = instant_text(site.now() + _FIRST * 2**row["attempts"]) if tried < _TRIES else _NEVER
    with site.store.writing() as connection:
        taken = connection.execute(
            update(n.outbox)
            .where(_O.id == row["id"], _O.attempts == row["attempts"], _O.sent_at.is_(None))
            .values(attempts=tried, next_at=later)
        )
    return bool(taken.rowcount)


def _settle(site: Site, message_id: int, **values: str) -> None:
    with site.store.writing() as connection:
        connection.execute(update(n.outbox).where(_O.id == message_id).values(**values))


def _told(error: Exception) -> str:
    """Name a failure without what a server may have echoed: an address may carry a secret."""
    return f"{type(error).__name__}"[:200]


class NotSent(Exception):
    """The message was not taken."""


def _send(site: Site, notify: Notify, row: dict[str, Any]) -> None:
    if row["channel"] == "mail":
        if notify.mail is None or not row["mail"]:
            raise NotSent
        _send_mail(site, notify.mail, row)
        return
    group = next((one for one in notify.groups if one.name[:80] == row["recipient"]), None)
    if group is None or not group.enabled:
        raise NotSent
    _send_group(site, group, row)


def _send_mail(site: Site, mail: Mail, row: dict[str, Any]) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = row["subject"], mail.sender, row["mail"]
    # The same name at every try, so that a receiver may drop what came twice.
    domain = mail.sender.rpartition("@")[2] or "localhost"
    message["Message-ID"] = f"<reminder-{row['day']}-{row['id']}@{domain}>"
    message["Date"] = datetime.fromisoformat(row["made_at"])
    message.set_content(row["body"])
    connect: Callable[..., smtplib.SMTP] = smtplib.SMTP_SSL if mail.tls else smtplib.SMTP
    with connect(mail.host, mail.port, timeout=_TIMEOUT) as server:
        if mail.starttls:
            server.starttls()
        if mail.user:
            server.login(mail.user, secret_of(site.data, mail.password_file))
        server.send_message(message)


def _send_group(site: Site, group: Group, row: dict[str, Any]) -> None:
    url = group.url or secret_of(site.data, group.url_file)
    with warnings.catch_warnings():
        # One of the library's hundred services imports a module that Python is about to drop.
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise  # slow to load, and seldom wanted

        sender = apprise.Apprise()
        known = sender.add(url)
    if not known or not sender.notify(title=row["subject"], body=row["body"]):
        raise NotSent
