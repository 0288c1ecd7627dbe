"""A recorder for the rows of a sheet: rows are put by, and go out in rounds of one statement each.

Every event still passes the gate's rules before it is put by, and the database's own law when it is
inserted. A row that is refused midway is taken back: nothing of it has been written. All events of
a round share one instant, so no known-at can fall between two of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, insert

from ecoissues.core.events import Event, live
from ecoissues.core.instants import day_of
from ecoissues.core.kinds import Kind
from ecoissues.core.life import Life, fold
from ecoissues.core.policy import Actor
from ecoissues.figures.postings import insert_values, values_of
from ecoissues.figures.standing import Rows, difference, standing_rows
from ecoissues.services.projecting import project, projection, search_text
from ecoissues.services.recording import CaseRow, Draft, Recorder, touched_by
from ecoissues.services.registering import Composed, case_row, find_batch
from ecoissues.services.site import Site
from ecoissues.storage import log, search
from ecoissues.storage import tables as t
from ecoissues.storage.reference import ListRow


class _Open(msgspec.Struct):
    """A case touched in this round. ``born``: what its row is made of if it is new."""

    case: CaseRow
    kind: Kind
    events: list[Event]
    before: Rows
    life: Life
    touched: set[str]
    born: Composed | None = None


class Rounds(Recorder):
    """Puts rows by until ``flush``. One row at a time: ``begin_row``, then ``take_back`` if it is
    refused."""

    def __init__(self, site: Site, connection: Connection, actor: Actor, home: ListRow) -> None:
        super().__init__(site, connection, actor)
        self._home = home
        self._waiting: list[dict[str, Any]] = []
        self._open: dict[int, _Open] = {}
        self._ids: Iterator[int] = iter(())
        self._row: tuple[int | None, int, set[int]] = (None, 0, set())

    def reserve(self, number: int) -> None:
        """Set ids aside for new cases."""
        self._ids = log.reserve_ids(self.connection, number)

    def begin_row(self) -> None:
        """Remember where a row begins."""
        self._row = (self._pos, len(self._waiting), set(self._open))

    def take_back(self) -> None:
        """Forget what the row has put by."""
        self._pos, waiting, known = self._row
        del self._waiting[waiting:]
        for case_id in set(self._open) - known:
            del self._open[case_id]

    def register(self, composed: Composed) -> list[Event]:
        """Put a new case by with its first event; gives its events so far."""
        composed.case.id = next(self._ids)
        events: list[Event] = []
        self.record(composed.case, composed.kind, events, [composed.draft])
        self._open[composed.case.id].born = composed
        return events

    def record(
        self, case: CaseRow, kind: Kind, events: list[Event], drafts: Sequence[Draft]
    ) -> Life:
        """Append drafts to a case's log; corrections are not a sheet's business."""
        pos, recorded_at = self._take_head()
        found = self._open.get(case.id)
        if found is None:
            standing = live(events)
            before = standing_rows(
                standing, self.site.tree, self.site.list_ids, case.list_code
            ) if standing else {}  # fmt: skip
            found = _Open(case, kind, events, before, fold(standing), set())
            self._open[case.id] = found
        for draft in drafts:
            pos += 1
            self._waiting.append(self._append(case, events, draft, pos, recorded_at))
            found.life.apply(events[-1])
            found.touched |= touched_by(draft)
        self._pos = pos
        return found.life

    def flush(self) -> None:
        """Write the round: new cases, the log, figures, projections."""
        tree, list_ids = self.site.tree, self.site.list_ids
        projected = {
            case_id: projection(one.kind, one.life, tree, one.case.merged_into_id)
            for case_id, one in self._open.items()
        }
        self._insert_cases(projected)
        if self._waiting:
            log.insert_events(self.connection, self._waiting)
        postings: list[tuple[Any, ...]] = []
        parties: list[dict[str, Any]] = []
        for case_id, one in self._open.items():
            last = one.events[-1]
            after = standing_rows(live(one.events), tree, list_ids, one.case.list_code)
            changes = difference(one.before, after)
            postings += values_of(case_id, last.pos, day_of(last.recorded_at), changes)
            if one.born is None:
                columns = projected[case_id]
                project(
                    self.connection, case_id, one.case.number, columns, one.life, tree, list_ids,
                    one.touched, one.kind,
                )  # fmt: skip
                continue
            words = search_text(one.case.number, one.life, one.kind)
            search.index_case(self.connection, case_id, words)
            parties += [
                {"case_id": case_id, "unit_id": tree.by_code[code].id, "party": party}
                for code, party in one.life.parties
            ]
        insert_values(self.connection, postings)
        if parties:
            self.connection.execute(insert(t.case_parties), parties)
        self._waiting, self._open = [], {}

    def _insert_cases(self, projected: dict[int, dict[str, Any]]) -> None:
        """Insert the new cases with their projections at once; their events move them."""
        rows, batches = [], dict[Any, int | None]()
        for case_id, one in self._open.items():
            if one.born is None:
                continue
            name = one.born.values.get("batch")
            if name not in batches:
                batches[name] = find_batch(self.connection, self._home, name)
            day = one.born.draft.effective_on
            parent = one.born.parent_id
            row = case_row(self.site, one.case, day, self._home, batches[name], parent)
            rows.append({**row, **projected[case_id], "id": case_id})
        if rows:
            self.connection.execute(insert(t.cases), rows)
