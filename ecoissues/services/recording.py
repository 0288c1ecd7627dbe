"""Writing events: the one place where the log grows, and everything that follows from an event.

Within the caller's transaction: take the end of the log, insert the event (the database moves the
case by itself), then bring the case's projections, its search text and its postings up to date.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from ecoissues.core.digests import event_digest, facts_text
from ecoissues.core.errors import Refused
from ecoissues.core.events import CORRECTIONS, Event, live
from ecoissues.core.instants import SHANGHAI, day_of, instant_text
from ecoissues.core.kinds import Kind
from ecoissues.core.life import Life, fold
from ecoissues.core.policy import Actor
from ecoissues.figures.following import following_change, follows_on
from ecoissues.figures.postings import post
from ecoissues.figures.standing import Key, Vector, difference, standing_rows
from ecoissues.services.projecting import project, projection
from ecoissues.services.site import Site
from ecoissues.storage import log
from ecoissues.storage.reference import get_setting

#: What a correction may have changed: facts that projections beside the case's row are made of.
_EVERYTHING = {"parties", "placed", "unplaced", "asks", "settles", "content"}
_BEHIND, _AHEAD = timedelta(minutes=5), timedelta(days=30)

#: Setting in which an administrator accepts the clock after a jump: the instant he saw.
CLOCK_ACCEPTED = "clock_accepted"


class Draft(msgspec.Struct):
    """An event about to be written."""

    step: str
    target: str
    phase: str
    effective_on: date
    facts: dict[str, Any]


class CaseRow(msgspec.Struct, gc=False):
    """The key and standing of a case as the gate works with them."""

    id: int
    list_id: int
    list_code: str
    list_path: str
    number: str
    part: int
    kind: str
    kind_version: int
    version: int
    state: str
    merged_into_id: int | None = None

    @property
    def key(self) -> str:
        """The case's name in the log: LIST/NUMBER, with /PART for a split one."""
        return case_key(self.list_code, self.number, self.part)


def case_key(list_code: str, number: str, part: int = 0) -> str:
    """Name a case for people and for the log."""
    return f"{list_code}/{number}/{part}" if part else f"{list_code}/{number}"


def touched_by(draft: Draft) -> set[str]:
    """Name the facts and fields that a draft moves, so that no projection is written for nothing."""
    touched = {*draft.facts, *draft.facts.get("fields", ())}
    return touched | _EVERYTHING if draft.step in CORRECTIONS else touched


def check_clock(connection: Connection, now: datetime, last: str) -> None:
    """Refuse ``clock_unsound`` when the server's clock and the end of the log lie too far apart.

    In: the instant of the server, that of the last event (text). An administrator may accept it.
    """
    before = datetime.fromisoformat(last)
    if before - now <= _BEHIND and now - before <= _AHEAD:
        return
    accepted = get_setting(connection, CLOCK_ACCEPTED, "")
    if accepted and abs(now - datetime.fromisoformat(accepted)) <= _AHEAD:
        return
    raise Refused(
        "clock_unsound",
        f"服务器时间 {now.astimezone(SHANGHAI):%Y-%m-%d %H:%M} 与日志最后一条"
        f"（{before.astimezone(SHANGHAI):%Y-%m-%d %H:%M}）相差过大，已暂停写入，"
        "请管理员核对时钟后确认；未作任何改动。",
    )


class Recorder:
    """Writes events within one transaction; the end of the log is locked at the first one."""

    def __init__(
        self, site: Site, connection: Connection, actor: Actor, *, figures: bool = True
    ) -> None:
        self.site = site
        self.connection = connection
        self.actor = actor
        self._figures = figures  # the bench weighs a step without them; no door says False
        self._pos: int | None = None
        self._recorded_at = ""
        self._expected: tuple[int, int, Life] | None = None

    def expect(self, case: CaseRow, life: Life) -> None:
        """Hand in a case's standing just before ``record``, which then need not fold it again.

        ``life`` is moved along with the case.
        """
        self._expected = (case.id, case.version, life)

    def _standing_of(self, case: CaseRow, events: list[Event]) -> Life:
        expected, self._expected = self._expected, None
        if expected is not None and expected[:2] == (case.id, case.version):
            return expected[2]
        return fold(live(events))

    def _take_head(self) -> tuple[int, str]:
        if self._pos is None:
            pos, last, ordinary = log.lock_head(self.connection)
            now = self.site.now()
            if self.actor.channel == "demo":
                if ordinary:
                    raise Refused(
                        "demo_refused", "本站已有正式记录，不能再装入演示数据；未作任何改动。"
                    )
            elif ordinary:
                check_clock(self.connection, now, last)
            else:
                log.mark_ordinary(self.connection)
            self._pos = pos
            self._recorded_at = max(instant_text(now), last)
        return self._pos, self._recorded_at

    def record(
        self, case: CaseRow, kind: Kind, events: list[Event], drafts: Sequence[Draft]
    ) -> Life:
        """Append drafts to a case's log and bring everything derived from it up to date.

        In: the case as locked, its kind, its events so far. Out: its standing now. ``case`` and
        ``events`` are moved along; figures get one difference for all the drafts together.
        """
        pos, recorded_at = self._take_head()
        tree, list_ids = self.site.tree, self.site.list_ids
        life, known = self._standing_of(case, events), len(events)
        rows, touched = [], set[str]()
        for draft in drafts:
            pos += 1
            rows.append(self._append(case, events, draft, pos, recorded_at))
            touched |= touched_by(draft)
        log.insert_events(self.connection, rows)
        self._pos = pos
        life, changes = self._change(case, events, known, life)
        if changes:
            post(self.connection, case.id, pos, day_of(recorded_at), changes)
        columns = projection(kind, life, tree, case.merged_into_id)
        project(
            self.connection, case.id, case.number, columns, life, tree, list_ids, touched, kind
        )
        return life

    def _change(
        self, case: CaseRow, events: list[Event], known: int, life: Life
    ) -> tuple[Life, list[tuple[Key, Vector]]]:
        """Give the standing with the events after the first ``known``, and what they post."""
        new, where = events[known:], (self.site.tree, self.site.list_ids, case.list_code)
        follows = len(new) == 1 and follows_on(life, new[0])
        if not self._figures:
            if follows:
                life.apply(new[0])
            return life if follows else fold(live(events)), []
        if follows:
            return life, following_change(life, events[:known], new[0], *where)
        before, standing = live(events[:known]), live(events)
        changes = difference(standing_rows(before, *where), standing_rows(standing, *where))
        return fold(standing), changes

    def _append(
        self, case: CaseRow, events: list[Event], draft: Draft, pos: int, recorded_at: str
    ) -> dict[str, Any]:
        """Make the row of one draft, chained to the last event, and move case and events along."""
        actor = self.actor
        row: dict[str, Any] = {
            "seq": case.version + 1, "step": draft.step, "from_state": case.state,
            "to_state": draft.target, "phase": draft.phase, "actor": actor.name,
            "role": actor.role, "unit": actor.unit_code,
            "effective_on": draft.effective_on.isoformat(), "recorded_at": recorded_at,
            "channel": actor.channel, "facts": facts_text(draft.facts),
            "previous": events[-1].digest if events else "",
        }  # fmt: skip
        key = {"list": case.list_code, "number": case.number, "part": case.part}
        row["digest"] = event_digest({**row, **key})
        events.append(
            Event(
                seq=row["seq"], pos=pos, step=draft.step, source=case.state, target=draft.target,
                phase=draft.phase, actor=actor.name, role=actor.role,
                effective_on=draft.effective_on, recorded_at=recorded_at, facts=draft.facts,
                unit=actor.unit_code, channel=actor.channel, digest=row["digest"],
                previous=row["previous"],
            )
        )  # fmt: skip
        row.update(case_id=case.id, pos=pos, prev_seq=case.version or None)
        case.version, case.state = row["seq"], draft.target
        return row
