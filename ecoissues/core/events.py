"""Events and the live sequence: what still stands after amendments and strikes (design 3a)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

#: Steps that write about other events and have no standing of their own.
CORRECTIONS = frozenset({"amend", "strike"})
_OWN_TRACK = ("verdict", "outcomes", "progress", "satisfaction")

#: The step under which a case takes another version of its kind; no document can have it.
MOVE_STEP = "move_kind"


class Event(Struct, frozen=True, gc=False):
    """One event of one case, as the log holds it. ``facts`` is the decoded JSON object."""

    seq: int
    pos: int
    step: str
    source: str
    target: str
    phase: str
    actor: str
    role: str
    effective_on: date
    recorded_at: str
    facts: dict[str, Any]
    unit: str = ""
    channel: str = ""
    digest: str = ""
    previous: str = ""

    @property
    def moves(self) -> bool:
        """Whether it belongs to the track of the state (a registration does, notes do not)."""
        return self.source != self.target and self.step not in CORRECTIONS


def live(events: Iterable[Event], known_pos: int | None = None) -> list[Event]:
    """Give the events not struck, as amended, known at a log position, in sequence order.

    In: the events of one case in sequence order; ``known_pos`` None means all of them. An amended
    event keeps its place and sequence number and carries the new effective day and facts.
    """
    standing: dict[int, Event] = {}
    for event in events:
        if known_pos is not None and event.pos > known_pos:
            break
        if event.step == "strike" and "struck" in event.facts:
            for seq in event.facts["struck"]:
                standing.pop(seq, None)
        elif event.step == "amend" and "amended" in event.facts:
            change = event.facts["amended"]
            target = standing.get(change["seq"])
            if target is not None:
                standing[target.seq] = _amended(target, change)
        # A correction stands too: it settles the request for it, but has no track of its own.
        standing[event.seq] = event
    return list(standing.values())


def _amended(target: Event, change: dict[str, Any]) -> Event:
    day = change.get("effective_on")
    facts = change.get("facts")
    return replace(
        target,
        effective_on=date.fromisoformat(day) if day else target.effective_on,
        facts={**target.facts, **facts} if facts else target.facts,
    )


def tracks_of(event: Event) -> set[str]:
    """Name the tracks of its case an event belongs to (each track is ordered by itself)."""
    facts = event.facts
    tracks = {"state"} if event.moves else set()
    for key in ("parties", "types", "weight", "placed", "unplaced", "placement"):
        if key in facts:
            tracks.add("dimensions")
    tracks.update(f"clock:{code}" for code in facts.get("clocks", ()))
    tracks.update(f"mark:{mark}" for mark in facts.get("marks", ()))
    tracks.update(key for key in _OWN_TRACK if key in facts)
    if "merged_into" in facts:
        tracks.add("links")
    return tracks
