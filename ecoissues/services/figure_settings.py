"""Settings of a list that may change while it runs: how joint cases are counted, and its texts.

How joint cases are counted may be changed at any time, also when numbers have been published: an
edition is frozen and says how it counted, totals never depend on it, and what is grouped or
compared from then on follows the new setting. The page says so before anybody saves.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import func, select, update

from ecoissues.core import policy
from ecoissues.core.errors import NotFound, Refused
from ecoissues.core.policy import Actor
from ecoissues.core.vocabulary import JOINT_COUNTINGS
from ecoissues.services import changes
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow
from ecoissues.storage.tables_published import editions

_LONGEST = 2000


class ListSettings(msgspec.Struct, frozen=True):
    """What the page of a list's settings shows; ``published``: editions of this list so far."""

    row: ListRow
    published: int


def may_change(site: Site, actor: Actor, row: ListRow) -> bool:
    """Tell whether the actor may change a list: a supervisor of the office that keeps it."""
    return policy.may(actor, "list.change") and policy.is_office(actor, row.unit_path)


def read_settings(site: Site, actor: Actor, list_code: str) -> ListSettings:
    """Give the settings of a list that the actor's office keeps; NotFound for any other."""
    policy.require(actor, "list.change")
    row = site.get_list(list_code)
    if not may_change(site, actor, row):
        raise NotFound("没有找到该清单，或不由本单位管理。")
    e = editions.c
    with site.store.reading() as connection:
        published = connection.execute(
            select(func.count()).select_from(editions).where(e.list_id == row.id)
        ).scalar_one()
    return ListSettings(row, int(published))


def change_settings(site: Site, actor: Actor, list_code: str, given: Mapping[str, str]) -> None:
    """Change how a list counts joint cases (``counting``), its ``legal_basis`` and ``note``.

    Refused ``unknown_way`` with ``errors``; NotFound as ``read_settings``; nothing is half done.
    """
    row = read_settings(site, actor, list_code).row
    way = given.get("counting", "")
    _check_way(way)
    texts = {name: given.get(name, "").strip()[:_LONGEST] for name in ("legal_basis", "note")}
    with site.store.writing() as connection:
        connection.execute(
            update(t.lists).where(t.lists.c.id == row.id).values(joint_counting=way, **texts)
        )
        before = {"counting": row.joint_counting, "legal_basis": row.legal_basis, "note": row.note}
        after = {"counting": way, **texts}
        changed = [name for name, value in after.items() if before[name] != value]
        if changed:
            changes.note(
                site, connection, actor.name, "list.changed", row.code, path=row.unit_path,
                before={name: before[name] for name in changed},
                after={name: after[name] for name in changed},
            )  # fmt: skip
    site.refresh()


def set_joint_counting(site: Site, list_code: str, way: str, by: str = "console") -> None:
    """Set how a list counts joint cases (a key of ``JOINT_COUNTINGS``); totals never change.

    For the command line, which runs the site. Errors: NotFound (no such list), Refused
    ``unknown_way``.
    """
    row = site.get_list(list_code)
    _check_way(way)
    with site.store.writing() as connection:
        connection.execute(
            update(t.lists).where(t.lists.c.id == row.id).values(joint_counting=way)
        )
        changes.note(
            site, connection, by, "list.changed", row.code, path=row.unit_path,
            before={"counting": row.joint_counting}, after={"counting": way},
        )  # fmt: skip
    site.refresh()


def _check_way(way: str) -> None:
    if way not in JOINT_COUNTINGS:
        known = "、".join(JOINT_COUNTINGS)
        sentence = f"没有合办计数方式“{way[:20]}”；可选：{known}。未作改动。"
        raise Refused("unknown_way", sentence, errors={"counting": "请选择一种合办计数方式。"})
