"""Parts of a case's standing: the face of each clock, and what it is on further lists.

``life`` folds events into them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from ecoissues.core.events import Event
from ecoissues.core.instants import SHANGHAI, day_of, instant_text

#: Phases of a case that is closed.
OVER = ("closed", "reviewed")


class ClockFace:
    """One clock of a case: its original and current due day and whether it has been met.

    ``proof`` is that of the original day, ``current_proof`` that of the day in force; the days a
    clock in hours is due at stand beside them as instants. ``moves`` tells each change with its
    event; ``before`` is the day in force when it was suspended.
    """

    __slots__ = (
        "before", "code", "current", "current_at", "current_proof", "met_by", "met_current",
        "met_on", "met_original", "missed", "moves", "original", "original_at", "proof", "provisional",
        "set_seq", "slot", "suspended", "suspended_on",
    )  # fmt: skip

    def __init__(self, code: str, fact: dict[str, Any]) -> None:
        self.code = code
        self.slot: str = fact.get("slot", "finish")
        self.met_by: tuple[str, ...] = tuple(fact.get("met_by", ()))
        self.original: date | None = None
        self.current: date | None = None
        self.original_at = ""
        self.current_at = ""
        self.suspended = False
        self.suspended_on: date | None = None
        self.before: date | None = None
        self.provisional = False
        self.proof: dict[str, Any] = {}
        self.current_proof: dict[str, Any] = {}
        self.moves: list[Move] = []
        self.met_on: date | None = None
        self.met_original = False
        self.met_current = False
        self.missed: list[date] = []  # due days that passed unmet before they were moved or met
        self.set_seq = 0

    @property
    def history(self) -> list[tuple[str, date | None]]:
        """Give each change as (operation, due day after it)."""
        return [(move.op, move.due) for move in self.moves]

    def move(self, fact: dict[str, Any], event: Event) -> None:
        """Apply one fact: set and reset fix both days, the others move the current one.

        ``recount`` (an accepted proposal) moves the current day, and the original one if the fact
        names it.
        """
        day = event.effective_on
        op = fact["op"]
        if self.is_overdue(day, instant_of_event(event) if self.current_at else ""):
            self._miss()
        due = date.fromisoformat(fact["due"]) if fact.get("due") else None
        if op == "suspend":
            self.before, self.suspended_on = self.current, day
            self.current, self.current_at, self.suspended = None, "", True
        else:
            self.current, self.current_at = due, fact.get("due_at", "")
            self.suspended = False
            self.current_proof = fact.get("proof", {})
            self.provisional = bool(fact.get("provisional"))
        if op in ("set", "reset"):
            self.original, self.original_at, self.proof = due, self.current_at, self.current_proof
            self.set_seq = event.seq
            self.met_by = tuple(fact.get("met_by", self.met_by))
        elif op == "recount" and fact.get("original"):
            self.original = date.fromisoformat(fact["original"])
            self.original_at, self.proof = self.current_at, self.current_proof
        self.moves.append(Move(op, due, event))

    def meet(self, day: date, at: str = "") -> None:
        """Stop the clock on ``day``: the verdicts are by the dates in force now, for good.

        ``at``: the instant (text) of the event that meets it, by which a clock in hours is judged.
        """
        self.met_on = day
        self.met_original = _in_time(day, at, self.original, self.original_at)
        self.met_current = _in_time(day, at, self.current, self.current_at)
        # Entered late, a stop may lie before a due day that seemed to have been missed.
        self.missed = [due for due in self.missed if due < day]
        # Late is late: what is met on the day after its due day, or hours after its instant, was
        # overdue, though no day ended with it.
        if self.current is not None and not self.met_current:
            self._miss()

    def _miss(self) -> None:
        if self.current is not None and self.current not in self.missed:
            self.missed.append(self.current)

    def rename_steps(self, steps: Mapping[str, str]) -> None:
        """Be met by steps under their new codes (old -> new): the case took another version."""
        self.met_by = tuple(
            f"step:{steps.get(reason[5:], reason[5:])}" if reason.startswith("step:") else reason
            for reason in self.met_by
        )

    def restart(self) -> None:
        """Take the stop back: the case was reopened."""
        self.met_on, self.met_original, self.met_current = None, False, False

    def is_overdue(self, day: date, until: str = "") -> bool:
        """Whether it runs unmet past its current due day at the end of ``day``.

        ``until``: an instant (text) of that day at which to look instead of its end, which matters
        to a clock in hours alone: at the end of its due day it has run out.
        """
        return self.met_on is None and self._has_run_out(day, until)

    def _has_run_out(self, day: date, until: str) -> bool:
        if self.current is None or self.current > day:
            return False
        if self.current < day:
            return True
        return bool(self.current_at) and (not until or until > self.current_at)


class Placement:
    """The standing a case has of its own on one further list (``placed_states`` of its kind)."""

    __slots__ = ("closed_on", "ever_closed", "moved_on", "phase", "rebounded", "state")

    def __init__(self) -> None:
        self.state = ""
        self.phase = ""
        self.moved_on: date | None = None
        self.closed_on: date | None = None
        self.ever_closed = False
        self.rebounded = False

    def move(self, state: str, phase: str, day: date) -> None:
        """Enter a state; what was closed and is taken up again has rebounded."""
        was, now = self.phase in OVER, phase in OVER
        if now != was:
            self.closed_on = day if now else None
            self.ever_closed = True
            self.rebounded = self.rebounded or was
        self.state, self.phase, self.moved_on = state, phase, day


class Move:
    """One change of a clock: the operation, the due day after it (None: stands), its event."""

    __slots__ = ("due", "event", "op")

    def __init__(self, op: str, due: date | None, event: Event) -> None:
        self.op, self.due, self.event = op, due, event


def _in_time(day: date, at: str, due: date | None, due_at: str) -> bool:
    if due is None:
        return False
    return at <= due_at if due_at and at else day <= due


def instant_of_event(event: Event) -> str:
    """Give the instant an event is taken to have happened at, as text: when it was recorded, if
    that was on its effective day; else only the day is known, and its end is taken."""
    if event.recorded_at and day_of(event.recorded_at) == event.effective_on:
        return event.recorded_at
    return instant_text(datetime.combine(event.effective_on, time.max, SHANGHAI))
