"""What a case *is* at the end of a day: the live events folded, one track each.

The one reading of the log that rules, lists and figures share. Facts an event may carry (all
optional): ``parties`` [[unit code, party]…], ``types`` [primary, …], ``weight``, ``placed`` /
``unplaced`` (list code), ``placement`` {list, state, phase} (its own standing on a further list),
``verdict``, ``outcomes`` [{sort, count, amount}…], ``progress``, ``satisfaction``, ``part`` (of a
split number), ``marks`` [mark…], ``clocks`` {code: {op, due, due_at, slot, met_by, proof,
provisional}}, ``merged_into`` (case key or None), ``round`` (a round of work begins),
``met``/``dropped`` (obligations), ``kind`` {code, version, was, steps, unknown} (it took another
version of its document), ``fields`` {code: value}, ``asks`` (sort) with ``asked`` (values) /
``settles`` (sequence), ``evidence`` [{sha256, name, stage}…].
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from datetime import date
from typing import Any

from ecoissues.core.events import Event
from ecoissues.core.faces import OVER, ClockFace, Placement, instant_of_event
from ecoissues.core.vocabulary import DONE_PHASES

#: In ``Life.round_actors``: who acted under steps that the version now in force does not know.
ANYONE = "*"


class Round:
    """What a case had got in its round of work when it was merged, to be given back to it.

    ``actors``: by step, as ``Life.round_actors``; ``seq``: where the round began.
    """

    __slots__ = ("actors", "obligations", "seq")

    def __init__(self, life: Life) -> None:
        self.seq = life.round_seq
        self.obligations = set(life.obligations)
        self.actors = {step: set(names) for step, names in life.round_actors.items()}

    def give_back(self, life: Life) -> None:
        """Let the case go on in this round; who acted since is barred like any handler."""
        life.round_seq, life.obligations = self.seq, set(self.obligations)
        for step, names in self.actors.items():
            life.round_actors.setdefault(step, set()).update(names)


class Life:
    """The standing of one case: fold events into it with ``apply`` in sequence order."""

    __slots__ = (
        "apart",
        "came_back",
        "clocks",
        "closed_on",
        "ever_closed",
        "evidence",
        "field_seq",
        "fields",
        "lists",
        "marks",
        "merged_into",
        "moved_on",
        "obligations",
        "outcomes",
        "part",
        "parties",
        "pending",
        "phase",
        "placements",
        "progress",
        "rebounded",
        "received",
        "registered_on",
        "round_actors",
        "round_seq",
        "satisfaction",
        "seq",
        "state",
        "step_counts",
        "step_last",
        "types",
        "verdict",
        "weight",
    )  # fmt: skip

    def __init__(self) -> None:
        self.seq = 0
        self.state = ""
        self.phase = ""
        self.registered_on: date | None = None
        self.moved_on: date | None = None
        self.closed_on: date | None = None
        self.parties: list[tuple[str, str]] = []
        self.types: list[str] = []
        self.weight = "normal"
        self.lists: dict[str, date] = {}
        self.placements: dict[str, Placement] = {}
        self.verdict = ""
        self.outcomes: list[dict[str, Any]] = []
        self.progress = ""
        self.marks: dict[str, date] = {}
        self.clocks: dict[str, ClockFace] = {}
        self.merged_into: str | None = None
        self.apart: Round | None = None  # its own round of work while it follows another case
        self.fields: dict[str, Any] = {}
        self.field_seq: dict[str, int] = {}
        self.obligations: set[str] = set()
        self.round_seq = 0
        self.round_actors: dict[str, set[str]] = {}
        self.step_counts: dict[str, int] = {}
        self.step_last: dict[str, int] = {}
        self.pending: dict[int, dict[str, Any]] = {}
        self.evidence: list[dict[str, Any]] = []
        self.came_back = False
        self.part = 0
        self.satisfaction = ""
        self.ever_closed = False
        self.rebounded = False

    def apply(self, event: Event) -> None:
        """Fold one live event in; the caller keeps sequence order."""
        facts = event.facts
        self.seq = event.seq
        day = event.effective_on
        if self.registered_on is None:
            self.registered_on = day
        self.moved_on = day if self.moved_on is None or day > self.moved_on else self.moved_on
        self.step_counts[event.step] = self.step_counts.get(event.step, 0) + 1
        self.step_last[facts.get("follows", {}).get("step", event.step)] = event.seq
        if facts.get("round"):
            self.obligations.clear()
            self.round_actors.clear()
            self.round_seq = event.seq
        self.round_actors.setdefault(event.step, set()).add(event.actor)
        if facts:
            self._apply_facts(event, facts, day)
        if event.moves:
            self._enter(event, day)
        if self.clocks:
            self._meet_clocks(event)

    def _apply_facts(self, event: Event, facts: dict[str, Any], day: date) -> None:
        if "parties" in facts:
            self.parties = [(code, party) for code, party in facts["parties"]]
        if "types" in facts:
            self.types = list(facts["types"])
        if "weight" in facts:
            self.weight = facts["weight"]
        if "placed" in facts:
            self.lists[facts["placed"]] = day
            self.placements.pop(facts["placed"], None)
        if "unplaced" in facts:
            self.lists.pop(facts["unplaced"], None)
            self.placements.pop(facts["unplaced"], None)
        if "placement" in facts:
            self._advance(facts["placement"], day)
        if "verdict" in facts:
            self.verdict = facts["verdict"]
        if "outcomes" in facts:
            self.outcomes.extend(facts["outcomes"])
        if "progress" in facts:
            self.progress = facts["progress"]
        if "satisfaction" in facts:
            self.satisfaction = facts["satisfaction"]
        if "part" in facts:
            self.part = facts["part"]
        if "merged_into" in facts:
            self._follow(facts["merged_into"])
        if "kind" in facts:
            self._change_kind(facts["kind"])
        for mark in facts.get("marks", ()):
            self.marks.setdefault(mark, day)
        for code, fact in facts.get("clocks", {}).items():
            face = self.clocks.get(code)
            if face is None:
                face = self.clocks[code] = ClockFace(code, fact)
            face.move(fact, event)
        self.obligations.update(facts.get("met", ()))
        self.obligations.difference_update(facts.get("dropped", ()))
        if "asks" in facts:
            self.pending[event.seq] = {
                "sort": facts["asks"], "actor": event.actor, "asked_on": day, "event": event,
            }  # fmt: skip
        if "settles" in facts:
            self.pending.pop(facts["settles"], None)
        if "asks" not in facts:  # what backs a request proves nothing about the work
            self.evidence.extend({**file, "seq": event.seq} for file in facts.get("evidence", ()))
        for code, value in facts.get("fields", {}).items():
            self.fields[code] = value
            self.field_seq[code] = event.seq

    def _follow(self, main: str | None) -> None:
        """Follow a main case, whose rounds of work are not its own, or stand alone again."""
        if main is not None:
            self.apart = Round(self)
        elif self.apart is not None:
            self.apart.give_back(self)
            self.apart = None
        self.merged_into = main

    def _advance(self, fact: dict[str, Any], day: date) -> None:
        """Move the standing on one list; a list it does not stand on has none."""
        if fact["list"] in self.lists:
            placement = self.placements.setdefault(fact["list"], Placement())
            placement.move(fact["state"], fact["phase"], day)

    def seen_on(self, list_code: str) -> Life:
        """Give the standing as a list shows it: that of its placement there, if it has one.

        Phase and closing are the placement's; clocks, marks and all else stay the case's. What is
        void is void on every list.
        """
        own = self.placements.get(list_code)
        if own is None or self.is_void:
            return self
        seen = copy.copy(self)
        seen.phase, seen.closed_on = own.phase, own.closed_on
        seen.ever_closed, seen.rebounded = own.ever_closed, own.rebounded
        return seen

    def _change_kind(self, fact: dict[str, Any]) -> None:
        """Take renamed steps over; who acted under one now unknown is barred like any handler."""
        rounds = [self.round_actors, *([self.apart.actors] if self.apart else [])]
        for old, new in fact["steps"].items():
            self.step_counts[new] = self.step_counts.get(new, 0) + self.step_counts.get(old, 0)
            self.step_last[new] = max(self.step_last.get(new, 0), self.step_last.get(old, 0))
            for actors in rounds:
                actors.setdefault(new, set()).update(actors.get(old, ()))
        for face in self.clocks.values():
            face.rename_steps(fact["steps"])
        for old in fact["unknown"]:
            for actors in rounds:
                actors.setdefault(ANYONE, set()).update(actors.get(old, ()))

    def _enter(self, event: Event, day: date) -> None:
        was_closed = self.phase in OVER
        is_closed = event.phase in OVER
        if is_closed != was_closed:
            self.closed_on = day if is_closed else None
            self.ever_closed = True
            # What is void, or stands alone again after a merge, was not taken up anew.
            if was_closed and event.phase != "void" and "merged_into" not in event.facts:
                self.rebounded = True
        self.came_back = bool(event.facts.get("back"))
        self.state, self.phase = event.target, event.phase

    def _meet_clocks(self, event: Event) -> None:
        for face in self.clocks.values():
            met = any(self._reached(reason, face) for reason in face.met_by)
            if met and face.met_on is None:
                timed = face.original_at or face.current_at
                face.meet(event.effective_on, instant_of_event(event) if timed else "")
            elif not met and face.met_on is not None:
                face.restart()

    def _reached(self, reason: str, face: ClockFace) -> bool:
        """A phase holds, a mark was made, or a step was taken since the clock was last set."""
        if reason.startswith("step:"):
            return self.step_last.get(reason[5:], 0) > face.set_seq
        return reason == self.phase or reason in self.marks

    @property
    def is_void(self) -> bool:
        """Whether the case stands outside every denominator."""
        return self.phase in ("void", "")

    @property
    def is_done(self) -> bool:
        """Whether its work is done: completed, closed or reviewed."""
        return self.phase in DONE_PHASES

    def running(self) -> Iterable[ClockFace]:
        """Give the clocks that run unmet with a due day, nearest first."""
        faces = [f for f in self.clocks.values() if f.met_on is None and f.current is not None]
        return sorted(faces, key=lambda face: (face.current or date.max, face.code))


def fold(events: Iterable[Event], day: date | None = None) -> Life:
    """Fold live events into the standing at the end of ``day`` (None: of all of them).

    In: live events of one case in sequence order (see ``events.live``).
    """
    life = Life()
    for event in events:
        if day is None or event.effective_on <= day:
            life.apply(event)
    return life
