"""The whole log line by line, for outsiders who recount: read in order, a page at a time.

Memory does not grow with the log: the standings of the cases met last are kept, others are folded
again when they come up.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, select

from ecoissues.core.events import CORRECTIONS, Event, live
from ecoissues.core.life import Life, fold
from ecoissues.core.units import HANDLING, UnitTree
from ecoissues.services.projecting import lead_code
from ecoissues.services.site import Site
from ecoissues.storage import log
from ecoissues.storage import tables as t

#: Events read at a time, and standings kept for the events to come.
PAGE: Final = 2000
KEPT: Final = 5_000

#: List code, number, part, batch.
Head = tuple[str, str, int, str]


class _Standings:
    """The standing of each case after its last event, of those that came up last."""

    def __init__(self, connection: Connection, kept: int) -> None:
        self._connection, self._kept = connection, kept
        self._lives: OrderedDict[int, Life] = OrderedDict()

    def after(self, case_id: int, event: Event) -> Life:
        """Give the standing of a case just after one of its events."""
        life = self._lives.pop(case_id, None)
        if event.seq == 1:
            life = Life()
        if life is None or event.step in CORRECTIONS:
            earlier = log.events_of(self._connection, case_id)
            life = fold(live([one for one in earlier if one.seq <= event.seq]))
        else:
            life.apply(event)
        self._lives[case_id] = life
        if len(self._lives) > self._kept:
            self._lives.popitem(last=False)
        return life


def event_lines(
    site: Site, list_code: str | None = None, page: int = PAGE, kept: int = KEPT
) -> Iterator[dict[str, Any]]:
    """Give the whole log in order: one mapping per event, enough to recount every figure.

    Beside the standing after the event (by sequence), ``facts`` holds exactly what it changed, and
    ``effective_on`` when: an outsider folds the events not struck, as amended, by effective day.
    ``paths`` gives for each handling unit the codes from the root down to it.
    """
    wanted = site.get_list(list_code).id if list_code else None
    with site.store.reading() as connection:
        standings = _Standings(connection, kept)
        for events in _pages(connection, wanted, page):
            heads = _heads(connection, {case_id for case_id, _ in events})
            for case_id, event in events:
                yield _line(site.tree, heads[case_id], event, standings.after(case_id, event))


def _pages(
    connection: Connection, wanted: int | None, size: int
) -> Iterator[Sequence[tuple[int, Event]]]:
    e, last = t.events, 0
    query = select(e.c.case_id, *log.COLUMNS).order_by(e.c.pos).limit(size)
    if wanted is not None:
        query = query.join(t.cases, t.cases.c.id == e.c.case_id).where(t.cases.c.list_id == wanted)
    while rows := connection.execute(query.where(e.c.pos > last)).all():
        found = [(row[0], log.event_of_row(row[1:])) for row in rows]
        last = found[-1][1].pos
        yield found


def _heads(connection: Connection, case_ids: set[int]) -> Mapping[int, Head]:
    c = t.cases
    query = (
        select(c.c.id, t.lists.c.code, c.c.number, c.c.part, t.batches.c.name)
        .join(t.lists, t.lists.c.id == c.c.list_id)
        .outerjoin(t.batches, t.batches.c.id == c.c.batch_id)
        .where(c.c.id.in_(sorted(case_ids)))
    )
    rows = connection.execute(query)
    return {row[0]: (row[1], row[2], row[3], row[4] or "") for row in rows}


def _line(tree: UnitTree, head: Head, event: Event, life: Life) -> dict[str, Any]:
    lead = tree.by_code[lead_code(life)]
    return {
        "seq": event.pos, "list": head[0], "placements": sorted(life.lists),
        "placed_standings": {
            code: {"state": own.state, "phase": own.phase} for code, own in life.placements.items()
        },
        "number": head[1],
        "part": head[2], "batch": head[3], "case_seq": event.seq, "step": event.step,
        "from": event.source, "to": event.target, "phase": event.phase,
        "effective_on": event.effective_on.isoformat(), "recorded_at": event.recorded_at,
        "actor": event.actor, "role": event.role, "district": tree.by_id[lead.top_id].code,
        "units": life.parties, "paths": _paths(tree, life), "types": life.types,
        "weight": life.weight, "verdict": life.verdict or None,
        "due": {code: _text(face.current) for code, face in life.clocks.items()},
        "due_original": {code: _text(face.original) for code, face in life.clocks.items()},
        "due_at": {code: face.current_at for code, face in life.clocks.items() if face.current_at},
        "marks": {mark: day.isoformat() for mark, day in life.marks.items()},
        "outcomes": life.outcomes, "merged_into": life.merged_into, "facts": event.facts,
        "channel": event.channel, "unit": event.unit, "digest": event.digest,
        "previous": event.previous,
    }  # fmt: skip


def _paths(tree: UnitTree, life: Life) -> dict[str, list[str]]:
    found = {}
    for code, party in life.parties:
        if party in HANDLING:
            ids = (int(part) for part in tree.by_code[code].path.split("/") if part)
            found[code] = [tree.by_id[one].code for one in ids]
    return found


def _text(day: date | None) -> str | None:
    return day.isoformat() if day else None
