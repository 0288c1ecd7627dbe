"""What one more event changes in its case's step function, without writing the function twice.

The common step: an event that corrects nothing and is effective on or after every earlier one. Up
to its day the function is the same with it and without; from then on it is that of the standing
before and of the standing after. Everything else takes ``standing.difference``, the definition,
which tests hold this against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from ecoissues.core.events import CORRECTIONS, Event, live
from ecoissues.core.life import Life
from ecoissues.core.units import UnitTree
from ecoissues.figures.flows import HOME, flow_of, flows_by_day, phase_in, views_of
from ecoissues.figures.standing import (
    DIMENSIONS,
    Key,
    Place,
    Rows,
    Vector,
    add_change,
    change_between,
    masks_from,
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
    return Following(life, tree, list_ids, home_list).change(events, event)


class Following:
    """A case walked event by event: what was seen after one is what stood before the next."""

    def __init__(
        self, life: Life, tree: UnitTree, list_ids: Mapping[str, int], home_list: str
    ) -> None:
        """In: as ``following_change``. ``life`` is moved along with each event."""
        self.life = life
        self._where = (tree, list_ids, home_list)
        self._seen: dict[str, _Seen] = {}

    def change(self, events: Sequence[Event], event: Event) -> list[tuple[Key, Vector]]:
        """Give what the next event posts, for which ``follows_on`` holds (``following_change``)."""
        life, day, where = self.life, event.effective_on, self._where
        born = life.registered_on is None
        views = [HOME, *dict.fromkeys((*life.placements, *views_of((event,))[1:]))]
        before = {view: self._before(view, day) for view in views}
        life.apply(event)
        assert life.registered_on is not None
        rows, cohort = Rows(), life.registered_on.year * 100 + life.registered_on.month
        moved = born or not DIMENSIONS.isdisjoint(event.facts)
        self._seen = {}
        for view, old in before.items():
            now = _Seen.of(life, day, where, view, None if moved else old.places)
            self._seen[view] = now
            _add_step(rows, cohort, day, old, now)
            if now.places != old.places:
                _move_flows(rows, cohort, live(events), day, old.places, now.places, view)
            flow = flow_of(old.phase, event, first=born, view=view)
            add_change(rows, day.toordinal(), cohort, now.places, flow)
        return [(key, vector) for key, vector in rows.items() if any(vector)]

    def _before(self, view: str, day: date) -> _Seen:
        seen = self._seen.get(view)
        return _Seen.of(self.life, day, self._where, view) if seen is None else seen.on(day)


class _Seen(NamedTuple):
    """What a view shows of a standing on a day and on the due days after it."""

    places: list[Place]
    phase: str | None
    mask: int
    tail: list[tuple[date, int]]

    @classmethod
    def of(
        cls, life: Life, day: date, where: tuple[UnitTree, Mapping[str, int], str], view: str,
        places: list[Place] | None = None,
    ) -> _Seen:  # fmt: skip
        """In: ``places`` where they are known; ``where``: units, lists, home list."""
        if places is None:
            places = places_of(life, *where, view) if life.registered_on else []
        return cls(places, phase_in(life, view), *masks_from(life.seen_on(view), day))

    def on(self, day: date) -> _Seen:
        """The same standing, left alone until a later day."""
        passed = sum(due <= day for due, _ in self.tail)
        if not passed:
            return self
        return self._replace(mask=self.tail[passed - 1][1], tail=self.tail[passed:])


def _add_step(rows: Rows, cohort: int, day: date, old: _Seen, now: _Seen) -> None:
    """Add what changes from a day on, in one view."""
    ordinal = day.toordinal()
    if now.places == old.places:
        add_change(rows, ordinal, cohort, now.places, change_between(old.mask, now.mask))
        if (old.mask, old.tail) == (now.mask, now.tail):
            return
    else:
        add_change(rows, ordinal, cohort, old.places, change_between(old.mask, 0))
        add_change(rows, ordinal, cohort, now.places, change_between(0, now.mask))
    _add_tail(rows, cohort, old.places, old.mask, old.tail, -1)
    _add_tail(rows, cohort, now.places, now.mask, now.tail, 1)


def _add_tail(
    rows: Rows, cohort: int, places: list[Place], mask: int, tail: list[tuple[date, int]], sign: int
) -> None:
    """Add the changes on the due days to come (``sign`` -1: take them back)."""
    for day, then in tail:
        change = change_between(mask, then) if sign > 0 else change_between(then, mask)
        add_change(rows, day.toordinal(), cohort, places, change)
        mask = then


def _move_flows(
    rows: Rows, cohort: int, events: Sequence[Event], day: date, old: list[Place],
    new: list[Place], view: str,
) -> None:  # fmt: skip
    """Count what happened earlier on the same day in the dimensions of the day's end."""
    if not events or day not in (happened := flows_by_day(events, view)):
        return
    flows = happened[day]
    add_change(rows, day.toordinal(), cohort, old, [(place, -sign) for place, sign in flows])
    add_change(rows, day.toordinal(), cohort, new, flows)
