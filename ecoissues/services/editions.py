"""Editions as they are kept: writing one, finding it by its code, checking its digest.

An edition is one canonical JSON text and its digest; its code, printed on paper, is made of the
digest, and each edition holds the digest of the one before, so none can be taken out unseen. The
database refuses to change or remove one (``storage.triggers``).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select

from ecoissues.core import policy
from ecoissues.core.digests import canonical, digest_of
from ecoissues.core.errors import Forbidden, NotFound
from ecoissues.core.instants import instant_text
from ecoissues.core.policy import Actor
from ecoissues.core.short_codes import read_code, short_code
from ecoissues.figures.editions import FrozenBoard
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.log import head_pos
from ecoissues.storage.reference import ListRow
from ecoissues.storage.tables_published import editions


class Draft(msgspec.Struct, frozen=True):
    """What is about to be frozen. ``parts``: JSON-able, by name: board, notice, bulletin …

    ``scope_path``: the units it speaks of; ``scope``: the scope its numbers were counted in
    (default: the publisher's); ``known_pos``: the log position its numbers stand on.
    """

    sort: str
    title: str
    scope_path: str
    as_of: date
    known_pos: int
    known_at: str
    parts: dict[str, Any]
    row: ListRow | None = None
    unit: str = ""
    batch: str = ""
    scope: str = ""


class Edition(msgspec.Struct, frozen=True):
    """An edition as it stands in the database. ``sound``: its content still has its digest."""

    id: int
    code: str
    sort: str
    title: str
    list_code: str
    scope_path: str
    as_of: date
    known_pos: int
    known_at: str
    published_by: str
    published_unit: str
    published_at: str
    content: dict[str, Any]
    digest: str
    previous: str
    sound: bool

    @property
    def board(self) -> FrozenBoard | None:
        """Its frozen numbers, if it has some of a list."""
        found = self.content.get("board")
        return msgspec.convert(found, FrozenBoard) if found else None


def put(site: Site, connection: Connection, actor: Actor, draft: Draft) -> str:
    """Freeze a draft within the caller's transaction; gives the code of the edition.

    Forbidden ``not_publisher`` unless the actor's office is the one above the units it speaks of.
    """
    policy.require(actor, "edition.publish")
    if not policy.within(draft.scope_path, actor.scope_path):
        raise Forbidden("只能发布本督察办管辖范围内的数字，未发布。", "not_publisher")
    e = editions.c
    previous = connection.execute(select(e.digest).order_by(e.id.desc()).limit(1)).scalar() or ""
    at = instant_text(site.now())
    who = {"by": actor.name, "unit": actor.unit_code, "at": at}
    content = {
        "format": 1, "sort": draft.sort, "title": draft.title, "as_of": draft.as_of.isoformat(),
        "list": draft.row and {"code": draft.row.code, "title": draft.row.title},
        "unit": draft.unit, "batch": draft.batch, "scope": draft.scope or actor.scope_path,
        "is_demo": bool(draft.row and draft.row.is_demo),
        "known": {"pos": draft.known_pos, "at": draft.known_at, "log": _seal(connection, draft)},
        "published": who, "previous": previous, **draft.parts,
    }  # fmt: skip
    digest = digest_of(content)
    values = {
        "code": short_code(digest), "sort": draft.sort, "title": draft.title,
        "list_id": draft.row.id if draft.row else None, "scope_path": draft.scope_path,
        "as_of": draft.as_of.isoformat(), "known_pos": draft.known_pos,
        "known_at": draft.known_at, "published_by": actor.name,
        "published_unit": actor.unit_code, "published_at": at, "content": canonical(content),
        "digest": digest, "previous": previous,
    }  # fmt: skip
    connection.execute(insert(editions).values(**values))
    return str(values["code"])


def _seal(connection: Connection, draft: Draft) -> str:
    """Give the digest of the event at the position: an edition also pins the log down."""
    query = select(t.events.c.digest).where(t.events.c.pos == draft.known_pos)
    return str(connection.execute(query).scalar() or "")


def position(connection: Connection, now: datetime | None = None) -> tuple[int, str]:
    """Give the end of the log: its position, and the instant of its last event.

    In: ``now``, the instant at which figures are frozen, if later: a clock in minutes may have run
    out since the last event.
    """
    at = str(connection.execute(select(t.head.c.recorded_at)).scalar() or "")
    return head_pos(connection), max(at, instant_text(now)) if now else at


def get(site: Site, connection: Connection, actor: Actor, code: str) -> Edition:
    """Give an edition by its code as typed; NotFound if there is none in the actor's reach."""
    policy.require(actor, "edition.read")
    query = select(editions).where(editions.c.code == read_code(code))
    found = connection.execute(query).first()
    if found is None or not _reaches(actor, found.scope_path):
        raise NotFound(f"没有代码为“{code[:20]}”的发布版本，或不在您的管辖范围内。请核对纸面上的代码。")
    return edition_of(site, found)


def edition_of(site: Site, row: Row[Any]) -> Edition:
    """Make an edition of its row and check the digest."""
    content = msgspec.json.decode(row.content)
    code = site.lists[row.list_id].code if row.list_id else ""
    sound = digest_of(content) == row.digest and short_code(row.digest) == row.code
    sound = sound and content["as_of"] == row.as_of and content["previous"] == row.previous
    return Edition(
        row.id, row.code, row.sort, row.title, code, row.scope_path, date.fromisoformat(row.as_of),
        row.known_pos, row.known_at, row.published_by, row.published_unit, row.published_at,
        content, row.digest, row.previous, sound and content["known"]["pos"] == row.known_pos,
    )  # fmt: skip


def _reaches(actor: Actor, path: str) -> bool:
    """What is published goes down to every unit it speaks of, and up to whoever is above."""
    return policy.within(path, actor.scope_path) or policy.within(actor.scope_path, path)


class Listed(msgspec.Struct, frozen=True):
    """One line of the list of editions."""

    code: str
    sort: str
    title: str
    list_code: str
    as_of: date
    published_by: str
    published_at: str


def listed(site: Site, actor: Actor, sort: str = "", list_code: str = "") -> list[Listed]:
    """Give the editions in an actor's reach, the newest first; narrowed to a sort and a list."""
    policy.require(actor, "edition.read")
    e = editions.c
    query = select(
        e.code, e.sort, e.title, e.list_id, e.as_of, e.published_by, e.published_at, e.scope_path
    ).order_by(e.id.desc())
    if sort:
        query = query.where(e.sort == sort)
    if list_code:
        query = query.where(e.list_id == site.get_list(list_code).id)
    with site.store.reading() as connection:
        rows = connection.execute(query).all()
    return [
        Listed(
            row.code, row.sort, row.title, site.lists[row.list_id].code if row.list_id else "",
            date.fromisoformat(row.as_of), row.published_by, row.published_at,
        )
        for row in rows
        if _reaches(actor, row.scope_path)
    ]  # fmt: skip


def faults(site: Site, connection: Connection) -> list[str]:
    """Name each edition whose content, code or place in the chain is not what it was: a sentence."""
    found, previous = [], ""
    for row in connection.execute(select(editions).order_by(editions.c.id)):
        edition = edition_of(site, row)
        if not edition.sound:
            found.append(f"发布版本 {row.code} 的内容与摘要不符。")
        if row.previous != previous:
            found.append(f"发布版本 {row.code} 与前一版本不相连，可能有版本被移走。")
        previous = row.digest
    return found
