"""Recording very many events in one transaction: the same rules, the same log, fewer round trips.

Every step still passes the gate, and every event the database's own law when it is inserted; only
what is *derived* waits: events and postings go out in rounds, and a case's projections are written
once, at the end, from its last standing. ``flush`` must be called before the transaction ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from ecoissues.core.events import CORRECTIONS, Event
from ecoissues.core.instants import day_of, instant_text
from ecoissues.core.kinds import Kind
from ecoissues.core.life import Life
from ecoissues.core.policy import Actor
from ecoissues.figures.postings import insert_values, values_of
from ecoissues.services.projecting import project, projection
from ecoissues.services.recording import CaseRow, Draft, Recorder
from ecoissues.services.site import Site
from ecoissues.storage import log

_ROUND: Final = 2000
#: What a correction may have changed: facts that projections beside the case's row are made of.
_EVERYTHING: Final = ("parties", "placed", "unplaced", "asks", "settles", "content")


class BulkRecorder(Recorder):
    """A recorder for one long transaction with a clock that moves: imports, demonstration data.

    The caller keeps each case and its events in memory between steps (what the gate moves along),
    since the database does not have them before ``flush_log``.
    """

    def __init__(self, site: Site, connection: Connection, actor: Actor) -> None:
        super().__init__(site, connection, actor)
        self._events: list[dict[str, Any]] = []
        self._postings: list[tuple[Any, ...]] = []
        self._changed: dict[int, tuple[CaseRow, Kind, Life, set[str]]] = {}

    def _take_head(self) -> tuple[int, str]:
        pos, last = super()._take_head()
        # One transaction spans years of a moving clock; the log's instants never go back.
        self._recorded_at = max(instant_text(self.site.now()), last)
        return pos, self._recorded_at

    def record(
        self, case: CaseRow, kind: Kind, events: list[Event], drafts: Sequence[Draft]
    ) -> Life:
        """Append drafts to a case's log; what is derived from it is remembered for ``flush``."""
        pos, recorded_at = self._take_head()
        life, known = self._standing_of(case, events), len(events)
        before = self._changed.get(case.id)
        touched = before[3] if before else set[str]()
        for draft in drafts:
            pos += 1
            self._events.append(self._append(case, events, draft, pos, recorded_at))
            touched.update(draft.facts, draft.facts.get("fields", ()))
            if draft.step in CORRECTIONS:
                touched.update(_EVERYTHING)
        self._pos = pos
        life, changes = self._change(case, events, known, life)
        if changes:
            self._postings += values_of(case.id, pos, day_of(recorded_at), changes)
        self._changed[case.id] = (case, kind, life, touched)
        if len(self._events) >= _ROUND:
            self.flush_log()
        return life

    def flush_log(self) -> None:
        """Insert the events and postings that wait; the database checks the chain of each event."""
        if self._events:
            log.insert_events(self.connection, self._events)
        insert_values(self.connection, self._postings)
        self._events, self._postings = [], []

    def flush(self) -> None:
        """Write everything that waits: the log, then each changed case's projections."""
        self.flush_log()
        tree, list_ids = self.site.tree, self.site.list_ids
        for case, kind, life, touched in self._changed.values():
            columns = projection(kind, life, tree, case.merged_into_id)
            project(self.connection, case.id, case.number, columns, life, tree, list_ids, touched)
        self._changed = {}
