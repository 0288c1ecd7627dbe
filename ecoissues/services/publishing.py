"""Publishing the numbers of a list, and saying later why they are others today.

A published board or batch notice is frozen with its definitions, day, log position and the digest
of its rows. ``edition_bridges.compare`` counts it again and gives the bridge, row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection

from ecoissues.core import policy
from ecoissues.core.policy import Actor
from ecoissues.figures.cuts import Cut, path_of
from ecoissues.figures.editions import (
    freeze,
)
from ecoissues.figures.known import Known
from ecoissues.figures.registry import Definition
from ecoissues.services import editions, notices
from ecoissues.services.basis import Basis, basis_of
from ecoissues.services.boards import grouping_of
from ecoissues.services.editions import Draft, Edition
from ecoissues.services.exporting import definitions_of
from ecoissues.services.site import Site


class Asked(msgspec.Struct, frozen=True):
    """What is to be published. Empty and None: today, all that is known, the whole list, a title
    made of list and day. ``batch``: the notice of that batch."""

    list_code: str
    as_of: date | None = None
    known_at: str = ""
    unit: str = ""
    batch: str = ""
    title: str = ""


def publish(site: Site, actor: Actor, asked: Asked) -> str:
    """Publish the board of a list, or the notice of a batch; gives the edition's code.

    Refused as ``basis_of``; Forbidden without ``edition.publish`` or outside the office's units.
    """
    policy.require(actor, "edition.publish")

    def work(connection: Connection) -> str:
        basis, known = settled(site, connection, actor, asked)
        definitions = definitions_of(site, basis.row)
        parts: dict[str, Any] = {"board": frozen_board(site, connection, basis, known, definitions)}
        if asked.batch:
            whole = msgspec.structs.replace(basis, known=known, cut=_without_batch(basis.cut))
            parts["notice"] = notices.notice_rows(site, connection, whole, asked.batch)
        draft = Draft(
            "batch" if asked.batch else "board", _title(site, basis, asked),
            path_of(site.tree, basis.row, basis.cut) or basis.row.unit_path, basis.as_of,
            known.pos or 0, known.at or "", parts, basis.row, asked.unit, asked.batch,
        )  # fmt: skip
        return editions.put(site, connection, actor, draft)

    return site.store.write(work)


def settled(site: Site, connection: Connection, actor: Actor, asked: Asked) -> tuple[Basis, Known]:
    """Settle what is asked, with known-at as a position: everything so far unless said."""
    basis = basis_of(
        site, connection, actor, asked.list_code, asked.as_of, asked.known_at or None, asked.unit,
        asked.batch,
    )  # fmt: skip
    if basis.known.pos is not None:
        return basis, basis.known
    pos, at = editions.position(connection, site.now())
    return basis, Known(pos, at)


def frozen_board(
    site: Site, connection: Connection, basis: Basis, known: Known, definitions: Sequence[Definition]
) -> dict[str, Any]:
    """Give the frozen numbers of a basis as plain data."""
    found = freeze(
        connection, site.tree, basis.row, basis.as_of, known, basis.cut, definitions,
        grouping_of(site, basis),
    )  # fmt: skip
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def _without_batch(cut: Cut) -> Cut:
    return msgspec.structs.replace(cut, batch_id=None)


def _title(site: Site, basis: Basis, asked: Asked) -> str:
    if asked.title.strip():
        return asked.title.strip()[:160]
    unit = site.tree.by_code[asked.unit].name if asked.unit else ""
    place = "，".join(filter(None, (basis.row.title, asked.batch, unit)))
    return f"{place}办理情况（截至 {basis.as_of}）"


def find(site: Site, actor: Actor, code: str) -> Edition:
    """Give an edition by its code (see ``editions.get``)."""
    with site.store.reading() as connection:
        return editions.get(site, connection, actor, code)
