"""What happened on a day: arrivals, closings and work begun again, as one list of cases sees it.

Flows are accounts of their own, one per live event, never derived from stocks (design 5).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from ecoissues.core.accounts import FLOWS, INDEX
from ecoissues.core.events import Event
from ecoissues.core.faces import OVER
from ecoissues.core.life import Life

#: What happened, as (place of the account, count).
Flow = list[tuple[int, int]]
#: The view of the home list, and of every list on which a case has no standing of its own.
HOME: Final = ""

_ARRIVAL, _CLOSING, _REOPENING = ((INDEX[name], 1) for name in FLOWS)


def views_of(events: Sequence[Event]) -> tuple[str, ...]:
    """Give HOME and the codes of the lists on which the case ever had a standing of its own."""
    own = [e.facts["placement"]["list"] for e in events if "placement" in e.facts]
    return (HOME, *dict.fromkeys(own)) if own else (HOME,)


def phase_after(phase: str | None, event: Event, view: str = HOME) -> str | None:
    """Give the phase after an event in a view.

    Out: None while the case does not stand on the list, "" while it has no standing of its own there.
    """
    if view == HOME:
        return event.phase if event.moves else phase
    facts = event.facts
    if facts.get("placed") == view:
        phase = ""
    if facts.get("unplaced") == view:
        phase = None
    placement = facts.get("placement")
    if placement is not None and placement["list"] == view and phase is not None:
        return str(placement["phase"])
    return phase


def phase_in(life: Life, view: str = HOME) -> str | None:
    """Give the phase that a standing has in a view (see ``phase_after``)."""
    if view == HOME:
        return life.phase
    own = life.placements.get(view)
    return own.phase if own else "" if view in life.lists else None


def flow_of(
    phase: str | None, event: Event, *, first: bool = False, view: str = HOME
) -> Flow:
    """Give what an event adds to the flows of its day; ``phase``: the one before it in the view.

    On a list where it has a standing of its own a case arrives when it is placed there.
    """
    after = phase_after(phase, event, view)
    comes = first if view == HOME else bool(after and not phase)
    flow = [_ARRIVAL] if comes else []
    if after != phase:
        was, now = phase in OVER, after in OVER
        if now and not was:
            flow.append(_CLOSING)
        elif was and not now and after not in ("void", "", None):
            flow.append(_REOPENING)
    return flow


def flows_by_day(events: Sequence[Event], view: str = HOME) -> dict[date, Flow]:
    """Give what happened on each day in a view: the arrival, closings, work begun again."""
    flows: dict[date, Flow] = {}
    if view == HOME:
        flows[events[0].effective_on] = [_ARRIVAL]
    phase: str | None = "" if view == HOME else None
    for event in events:
        if flow := flow_of(phase, event, view=view):
            flows.setdefault(event.effective_on, []).extend(flow)
        phase = phase_after(phase, event, view)
    return flows
