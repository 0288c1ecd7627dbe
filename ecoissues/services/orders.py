"""Orders that wait for their answer, as the daily scan chases them.

An order (督办) names the day by which the unit must answer. Until it is answered the scan reminds
of it like of a clock: a workday ahead, on the day, and then ever more rarely.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec
from sqlalchemy import Connection, and_, select

from ecoissues.core.reminding import order_reminder
from ecoissues.services.digests import Item, Told
from ecoissues.services.recording import case_key
from ecoissues.services.site import Site
from ecoissues.storage import tables as t

_C, _P, _E = t.cases.c, t.pending.c, t.events.c


def unanswered(site: Site, connection: Connection, day: date, told: Told) -> Iterator[Item]:
    """Yield what unanswered orders ask for by a day and nobody was told before."""
    query = (
        select(
            _C.id, _C.list_id, _C.number, _C.part, _C.unit_id, _C.top_id,
            _P.seq, _E.facts,
        )
        .select_from(
            t.pending.join(t.cases, _C.id == _P.case_id).join(
                t.events, and_(_E.case_id == _P.case_id, _E.seq == _P.seq)
            )
        )
        .where(_P.sort == "order", _C.phase != "void", _C.merged_into_id.is_(None))
        .order_by(_C.id, _P.seq)
    )  # fmt: skip
    for row in connection.execute(query):
        due = msgspec.json.decode(row.facts)["asked"]["answer_by"]
        found = order_reminder(date.fromisoformat(due), day, site.calendars)
        clock = f"order:{row.seq}"
        if found is None or (found.rule, row.id, clock, due) in told:
            continue
        yield Item(
            row.id, case_key(site.lists[row.list_id].code, row.number, row.part), row.list_id,
            row.unit_id, row.top_id, clock, "督办答复", due, found.rule, found.sort, found.late,
        )  # fmt: skip
