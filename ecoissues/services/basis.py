"""What a board or a sheet stands on: which list, which day, what was known, which part of it."""

from __future__ import annotations

from datetime import date

import msgspec
from sqlalchemy import Connection, select

from ecoissues.core.errors import NotFound, Refused
from ecoissues.core.instants import instant_text
from ecoissues.core.policy import Actor
from ecoissues.figures.cuts import Cut
from ecoissues.figures.known import Known, known_at
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow


class Basis(msgspec.Struct, frozen=True):
    """The list, the day, what was known, and the cut (scope, unit, batch).

    ``is_now``: today and everything that is known, so the projected columns may answer.
    """

    row: ListRow
    as_of: date
    known: Known
    cut: Cut
    is_now: bool
    batch: str = ""


def basis_of(
    site: Site,
    connection: Connection,
    actor: Actor,
    list_code: str,
    as_of: date | None = None,
    known: str | None = None,
    unit: str = "",
    batch: str = "",
) -> Basis:
    """Settle what is asked for; None and empty mean today, everything known, no narrowing.

    In: ``known``, an instant or a day as text; ``unit``, a unit's code; ``batch``, a batch's name.
    Refused ``future_day``, ``as_of_after_known_at``, ``bad_instant``, ``unit_unknown``; NotFound
    for a list, batch or unit that does not exist or lies outside the scope.
    """
    site.stamp(connection)  # another process may have changed how a list counts
    row = site.get_list(list_code)
    knowing = known_at(connection, known) if known else Known(now=instant_text(site.now()))
    today = site.today()
    day = as_of or min(knowing.on or today, today)
    if day > today:
        raise Refused("future_day", f"截至日期 {day} 晚于今天 {today}，还没有数据；请改选日期。")
    knowing.check(day)
    path = None
    if unit:
        found = site.tree.by_code.get(unit)
        if found is None:
            raise Refused("unit_unknown", f"没有单位代码“{unit[:32]}”，请从页面上选择。")
        path = found.path
    cut = Cut(
        scope_path=actor.scope_path, unit_path=path, batch_id=_batch_id(connection, row, batch)
    )
    return Basis(row, day, knowing, cut, day == today and knowing.pos is None, batch)


def _batch_id(connection: Connection, row: ListRow, name: str) -> int | None:
    if not name:
        return None
    query = select(t.batches.c.id).where(t.batches.c.list_id == row.id, t.batches.c.name == name)
    found = connection.execute(query).scalar()
    if found is None:
        raise NotFound(f"“{row.title}”中没有批次“{name[:40]}”。")
    return int(found)
