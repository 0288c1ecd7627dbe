"""Recording very many events in few transactions: the same rules, the same log, fewer round trips.

Every step still passes the gate, and every event the database's own law when it is inserted; only
what is *derived* waits: events and postings go out in rounds, and a case's projections are written
once, at the end, from its last standing. ``flush`` must be called before the last transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, insert

from ecoissues.core.events import Event
from ecoissues.core.instants import day_of, instant_text
from ecoissues.core.kinds import Kind
from ecoissues.core.life import Life
from ecoissues.core.policy import Actor
from ecoissues.figures.postings import insert_values, values_of
from ecoissues.services.projecting import project, projection
from ecoissues.services.recording import CaseRow, Draft, Recorder, touched_by
from ecoissues.services.registering import Composed, case_row, find_batch
from ecoissues.services.site import Site
from ecoissues.storage import log
from ecoissues.storage import tables as t
from ecoissues.storage.prepared import Prepared
from ecoissues.storage.reference import ListRow

_ROUND: Final = 2000
_BORN: Final = Prepared(
    insert(t.cases),
    (
        "id", "list_id", "number", "part", "kind", "kind_version", "registered_on", "moved_on",
        "unit_id", "top_id", "batch_id", "parent_id", "is_demo",
    ),
)  # fmt: skip


class BulkRecorder(Recorder):
    """A recorder for long transactions with a clock that moves: the demonstration's years.

    The caller keeps each case and its events in memory between steps (what the gate moves along),
    since the database does not have them before ``flush_log``. The work may be spread over several
    transactions (``go_on``): the log's end is one row, and each of its versions made in a single
    transaction is walked again at the next event.
    """

    def __init__(self, site: Site, connection: Connection, actor: Actor) -> None:
        super().__init__(site, connection, actor)
        self._ids: Iterator[int] = iter(())
        self._batches: dict[tuple[int, Any], int | None] = {}
        self._events: list[dict[str, Any]] = []
        self._postings: list[tuple[Any, ...]] = []
        self._changed: dict[int, tuple[CaseRow, Kind, Life, set[str]]] = {}

    def _take_head(self) -> tuple[int, str]:
        pos, last = super()._take_head()
        # A transaction spans months of a moving clock; the log's instants never go back.
        self._recorded_at = max(instant_text(self.site.now()), last)
        return pos, self._recorded_at

    def go_on(self, connection: Connection) -> None:
        """Continue in another transaction; ``flush_log`` has ended the one before."""
        self.connection = connection
        self._pos = None

    def reserve(self, number: int) -> None:
        """Set ids aside for new cases."""
        self._ids = log.reserve_ids(self.connection, number)

    def register(self, composed: Composed, home: ListRow) -> tuple[CaseRow, list[Event]]:
        """Record the first event of a composed case; gives the case and its events so far.

        That its number is free is left to the database, which refuses a second case of a number.
        """
        case, name = composed.case, composed.values.get("batch")
        if (home.id, name) not in self._batches:
            self._batches[home.id, name] = find_batch(self.connection, home, name)
        batch_id = self._batches[home.id, name]
        case.id = next(self._ids)
        day = composed.draft.effective_on
        row = case_row(self.site, case, day, home, batch_id, composed.parent_id)
        # At once: files that steps bring refer to it.
        _BORN.run(self.connection, {**row, "id": case.id})
        events: list[Event] = []
        self.record(case, composed.kind, events, [composed.draft])
        return case, events

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
            touched |= touched_by(draft)
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

    def flush(self, case_ids: Iterable[int] | None = None) -> None:
        """Write what waits: the log, then the projections of each changed case, or of some."""
        self.flush_log()
        tree, list_ids = self.site.tree, self.site.list_ids
        for case_id in list(self._changed if case_ids is None else case_ids):
            if case_id not in self._changed:
                continue
            case, kind, life, touched = self._changed.pop(case_id)
            columns = projection(kind, life, tree, case.merged_into_id)
            project(
                self.connection, case.id, case.number, columns, life, tree, list_ids, touched, kind
            )
