"""What one more event changes in its case's step function, without writing the function twice.

The common step: an event that corrects nothing and is effective on or after every earlier one. Up
to its day the function is the same with it and without; from then on it is that of the standing
before and of the standing after. Everything else takes ``standing.difference``, the definition,
which tests hold this against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from ecoissues.core.events import CORRECTIONS, Event, live
from ecoissues.core.life import Life
from ecoissues.core.units import UnitTree
from ecoissues.figures.standing import (
    DIMENSIONS,
    Key,
    Place,
    Rows,
    Vector,
    add_change,
    change_between,
    due_masks,
    flow_of,
    flows_by_day,
    mask_of,
    places_of,
)


def follows_on(life: Life, event: Event) -> bool:
    """Tell whether an event only adds at the end of its case's days (else: ``difference``)."""
    in_order = life.moved_on is None or event.effective_on >= life.moved_on
    return in_order and event.step not in CORRECTIONS


def following_change(
    life: Life,
    events: Sequence[Event],
    event: Event,
    tree: UnitTree,
    list_ids: Mapping[str, int],
    home_list: str,
) -> list[tuple[Key, Vector]]:
    """Give what an event posts, and move ``life`` along with it.

    In: the standing before the event (``Life()`` for a registration), the events before it, the
    event itself, for which ``follows_on`` holds; units, lists and home list as for
    ``standing_rows``. Out: as ``difference`` of the two step functions.
    """
    day, born = event.effective_on, life.registered_on is None
    old_places = [] if born else places_of(life, tree, list_ids, home_list)
    old_mask, old_tail = mask_of(life, day), due_masks(life, day)
    flow = flow_of(life.phase, event, first=born)
    life.apply(event)
    moved = born or not DIMENSIONS.isdisjoint(event.facts)
    places = places_of(life, tree, list_ids, home_list) if moved else old_places
    mask, tail = mask_of(life, day), due_masks(life, day)
    assert life.registered_on is not None
    rows, cohort = Rows(), life.registered_on.year * 100 + life.registered_on.month
    ordinal = day.toordinal()
    if places == old_places:
        add_change(rows, ordinal, cohort, places, change_between(old_mask, mask))
        if (old_mask, old_tail) != (mask, tail):
            _add_tail(rows, cohort, places, old_mask, old_tail, -1)
            _add_tail(rows, cohort, places, mask, tail, 1)
    else:
        add_change(rows, ordinal, cohort, old_places, change_between(old_mask, 0))
        add_change(rows, ordinal, cohort, places, change_between(0, mask))
        _add_tail(rows, cohort, old_places, old_mask, old_tail, -1)
        _add_tail(rows, cohort, places, mask, tail, 1)
        _move_flows(rows, cohort, live(events), day, old_places, places)
    add_change(rows, ordinal, cohort, places, flow)
    return [(key, vector) for key, vector in rows.items() if any(vector)]


def _add_tail(
    rows: Rows, cohort: int, places: list[Place], mask: int, tail: list[tuple[date, int]], sign: int
) -> None:
    """Add the changes on the due days to come (``sign`` -1: take them back)."""
    for day, then in tail:
        change = change_between(mask, then) if sign > 0 else change_between(then, mask)
        add_change(rows, day.toordinal(), cohort, places, change)
        mask = then


def _move_flows(
    rows: Rows, cohort: int, events: Sequence[Event], day: date, old: list[Place], new: list[Place]
) -> None:
    """Count what happened earlier on the same day in the dimensions of the day's end."""
    if not events or day not in (happened := flows_by_day(events)):
        return
    flows = happened[day]
    add_change(rows, day.toordinal(), cohort, old, [(place, -sign) for place, sign in flows])
    add_change(rows, day.toordinal(), cohort, new, flows)
