"""Settings of a list that figures follow: how joint cases are counted when grouped by unit."""

from __future__ import annotations

from sqlalchemy import update

from ecoissues.core.errors import Refused
from ecoissues.core.vocabulary import JOINT_COUNTINGS
from ecoissues.services import changes
from ecoissues.services.site import Site
from ecoissues.storage import tables as t


def set_joint_counting(site: Site, list_code: str, way: str, by: str = "console") -> None:
    """Set how a list counts joint cases (a key of ``JOINT_COUNTINGS``); totals never change.

    Errors: NotFound (no such list), Refused ``unknown_way``.
    """
    row = site.get_list(list_code)
    if way not in JOINT_COUNTINGS:
        known = "、".join(JOINT_COUNTINGS)
        raise Refused("unknown_way", f"没有合办计数方式“{way[:20]}”；可选：{known}。未作改动。")
    with site.store.writing() as connection:
        connection.execute(
            update(t.lists).where(t.lists.c.id == row.id).values(joint_counting=way)
        )
        changes.note(
            site, connection, by, "list.counting", row.code, path=row.unit_path,
            before={"counting": row.joint_counting}, after={"counting": way},
        )  # fmt: skip
    site.refresh()

