"""The standing of one case as a step function of days, written as rows to be posted.

A case changes at the end of a day on which it has an event, on a due day and on the day after one.
``standing_rows`` gives the whole function; what an event posts is the *difference of the whole
function* before and after it, so that late entries and corrections come out right (design 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final

from ecoissues.core.accounts import ACCOUNTS, INDEX
from ecoissues.core.events import CORRECTIONS, Event
from ecoissues.core.life import Life, fold
from ecoissues.core.units import HANDLING, Spread, UnitTree
from ecoissues.core.vocabulary import MARKS, PHASES, VERDICTS
from ecoissues.figures.flows import HOME, flows_by_day, views_of

#: day ordinal, list id, unit id, top id, unit share, top share (see ``UnitTree.branch_rows``),
#: pollution type, cohort (YYYYMM of the registration).
Key = tuple[int, int, int, int, int, int, str, int]
Vector = list[int]
Rows = dict[Key, Vector]
#: Where a case stands: the key from list to type, and how often it counts there (1 or 1 - k).
Place = tuple[tuple[int, int, int, int, int, str], int]

#: The type of a case that names none; the empty type is the overlap row alone.
UNTYPED: Final = "other"

_WIDTH: Final = len(ACCOUNTS)
_BIT: Final = {name: 1 << place for name, place in INDEX.items()}
_PHASE: Final = {phase: _BIT["cases"] | _BIT[phase] for phase in PHASES if phase != "void"}
_KEY: Final = {
    "completed": _BIT["key_cases"] | _BIT["key_done"],
    **dict.fromkeys(
        ("closed", "reviewed"), _BIT["key_cases"] | _BIT["key_done"] | _BIT["key_closed"]
    ),
}
_MARK: Final = {mark: _BIT[mark] for mark in MARKS}
_VERDICT: Final = {verdict: _BIT[verdict] for verdict in VERDICTS}
_OVERDUE: Final = {
    "report": _BIT["overdue"] | _BIT["overdue_report"],
    "finish": _BIT["overdue"] | _BIT["overdue_finish"],
}
_MET_ORIGINAL, _MET_CURRENT = _BIT["met_original"], _BIT["met_current"]
_ON_ORIGINAL = _BIT["due_original"] | _MET_ORIGINAL
_ON_CURRENT = _BIT["due_current"] | _MET_CURRENT
_ON_REPORT, _MET_REPORT = _BIT["due_report"] | _BIT["met_report"], _BIT["met_report"]
_DUE_THIS_YEAR, _DONE_THIS_YEAR = _BIT["due_this_year"], _BIT["done_this_year"]
_CHANNEL: Final = {"call": _BIT["calls"], "letter": _BIT["letters"]}
_SATISFIED: Final = ("satisfied", "fairly")
_EVER: Final = _BIT["overdue_ever"]
DIMENSIONS: Final = frozenset({"parties", "types", "placed", "unplaced", "placement"})
_TOMORROW: Final = timedelta(days=1)


def accounts_of(life: Life, day: date, until: str = "") -> tuple[int, ...]:
    """Give the accounts a standing is counted in at the end of ``day``: 1 or 0 each, flows 0.

    In: a life folded up to that day. A void case is counted in ``void`` alone; a case not yet
    registered in nothing. ``overdue`` looks at the clocks of the slots report and finish; on time
    at the slot finish: due once its day has come, met if the verdict of the closing day says so.
    ``until`` as for ``mask_of``.
    """
    return _unpack(mask_of(life, day, until))


@lru_cache(maxsize=4096)
def _unpack(mask: int) -> tuple[int, ...]:
    return tuple(mask >> place & 1 for place in range(_WIDTH))


@lru_cache(maxsize=16384)
def change_between(before: int, after: int) -> tuple[tuple[int, int], ...]:
    """Give the accounts that differ between two masks: (place, +1 or -1)."""
    return tuple(
        (place, (after >> place & 1) - (before >> place & 1))
        for place in range(_WIDTH)
        if (before ^ after) >> place & 1
    )


def mask_of(life: Life, day: date, until: str = "") -> int:
    """Give the accounts of a standing at the end of a day as a mask (see ``accounts_of``).

    ``until``: an instant (text) of that day at which to look instead of its end.
    """
    fixed = _fixed(life)
    return fixed | _clocks(life, day, until) if fixed & _BIT["cases"] else fixed


def masks_from(life: Life, day: date) -> tuple[int, list[tuple[date, int]]]:
    """Give the mask at the end of a day (``mask_of``) and those on the due days after it, on which
    a standing left alone may change."""
    fixed = _fixed(life)
    if not (fixed & _BIT["cases"] and life.clocks):
        return fixed, []
    later = [(due, fixed | _clocks(life, due)) for due in _due_days(life) if due > day]
    return fixed | _clocks(life, day), later


def _fixed(life: Life) -> int:
    """Give what holds until the next event, as a mask: phase, marks and verdict."""
    mask = _PHASE.get(life.phase)
    if mask is None:
        return _BIT["void"] if life.phase else 0
    for mark in life.marks:
        mask |= _MARK.get(mark, 0)
    if life.verdict:
        mask |= _VERDICT.get(life.verdict, 0)
    if life.weight == "key":
        mask |= _KEY.get(life.phase, _BIT["key_cases"])
    if life.part < 2:
        mask |= _BIT["originals"] | (_BIT["key_originals"] if life.weight == "key" else 0)
    if life.merged_into is not None:
        mask |= _BIT["merged"] | (_BIT["merged_open"] if life.phase == "open" else 0)
    if life.ever_closed:
        mask |= _BIT["ever_closed"] | (_BIT["rebounded"] if life.rebounded else 0)
    if life.satisfaction:
        mask |= _BIT["surveyed"]
        mask |= _BIT["satisfied"] if life.satisfaction in _SATISFIED else 0
    return mask | _CHANNEL.get(life.fields.get("channel", ""), 0)


def _clocks(life: Life, day: date, until: str = "") -> int:
    """Give what the clocks say on a day, as a mask."""
    mask = missed = 0
    for face in life.clocks.values():
        slot, current = face.slot, face.current
        if slot not in _OVERDUE:
            continue
        if face.is_overdue(day, until):
            mask |= _OVERDUE[slot] | _EVER
        elif face.missed:
            mask |= _EVER
        if slot == "report":
            if current is not None and current <= day:
                mask |= _ON_REPORT
                if not face.met_current:
                    missed |= _MET_REPORT
        else:
            original = face.original
            if original is not None and original.year == day.year:
                mask |= _DUE_THIS_YEAR | (_DONE_THIS_YEAR if life.is_done else 0)
            if original is not None and original <= day:
                mask |= _ON_ORIGINAL
                if not face.met_original:
                    missed |= _MET_ORIGINAL
            if current is not None and current <= day:
                mask |= _ON_CURRENT
                if not face.met_current:
                    missed |= _MET_CURRENT
    # With several finish clocks a case is on time only if each that was due has been met.
    return mask & ~missed


def standing_rows(
    live_events: Sequence[Event], tree: UnitTree, list_ids: Mapping[str, int], home_list: str
) -> Rows:
    """Give the whole step function of one case as rows: key -> change of each account that day.

    In: the live events of the case in sequence order (``events.live``), the units, the ids of the
    lists by code, the code of its home list. Out: the running sum of the rows up to a day is the
    standing of that day, complete for each list it stands on and each subtree that holds a party;
    flows are counted once per event in the dimensions of their day. A list on which the case has a
    standing of its own (``Life.placements``) counts that one.
    """
    rows: Rows = {}
    # A correction changes other events and nothing by itself, not even as the first that stands.
    live_events = [event for event in live_events if event.step not in CORRECTIONS]
    if not live_events:
        return rows
    first = live_events[0].effective_on
    cohort = first.year * 100 + first.month
    for view in views_of(live_events):
        _add_view(rows, live_events, cohort, view, (tree, list_ids, home_list))
    return {key: vector for key, vector in rows.items() if any(vector)}


def _add_view(
    rows: Rows, events: Sequence[Event], cohort: int, view: str,
    where: tuple[UnitTree, Mapping[str, int], str],
) -> None:  # fmt: skip
    """Add the step function of one view: the lists that share a phase."""
    flows = flows_by_day(events, view)
    before, places = 0, list[Place]()
    for day, mask, life in _points(events, view):
        if life is None and mask == before and day not in flows:
            continue
        ordinal = day.toordinal()
        old = places
        if life is not None:
            places = places_of(life, *where, view)
        if old == places:
            add_change(rows, ordinal, cohort, places, change_between(before, mask))
        else:
            add_change(rows, ordinal, cohort, old, change_between(before, 0))
            add_change(rows, ordinal, cohort, places, change_between(0, mask))
        if day in flows:
            add_change(rows, ordinal, cohort, places, flows[day])
        before = mask


def add_change(
    rows: Rows, ordinal: int, cohort: int, places: list[Place], change: Sequence[tuple[int, int]]
) -> None:
    """Add a change of accounts, as (place of the account, sign), to the rows of a day."""
    if not change:
        return
    for place, weight in places:
        key = (ordinal, *place, cohort)
        vector = rows.get(key)
        if vector is None:
            vector = rows[key] = [0] * _WIDTH
        for at, sign in change:
            vector[at] += sign * weight


def _points(events: Sequence[Event], view: str) -> Iterator[tuple[date, int, Life | None]]:
    """Give each day on which the standing may change: (day, mask, life if places may change)."""
    if all(one.effective_on <= other.effective_on for one, other in pairwise(events)):
        return _points_in_order(events, view)
    return _points_by_fold(events, view)


def _points_in_order(
    events: Sequence[Event], view: str
) -> Iterator[tuple[date, int, Life | None]]:
    life = Life()
    days = [event.effective_on for event in events[1:]]
    days.append(date.max)
    dues: list[date] = []
    moved = True
    for event, until in zip(events, days, strict=True):
        life.apply(event)
        facts = event.facts
        if "clocks" in facts:
            dues = _due_days(life)
        if not moved and not DIMENSIONS.isdisjoint(facts):
            moved = True
        day = event.effective_on
        if until == day:
            continue
        seen = life.seen_on(view)
        fixed = _fixed(seen)
        counts = fixed & _BIT["cases"] and dues
        yield day, fixed | _clocks(seen, day) if counts else fixed, life if moved else None
        moved = False
        if counts:
            for due in dues:
                if day < due < until:
                    yield due, fixed | _clocks(seen, due), None


def _due_days(life: Life) -> list[date]:
    """Give the days on which a due day comes or has passed, in order."""
    days: set[date] = set()
    for face in life.clocks.values():
        if face.slot in _OVERDUE:
            if face.original is not None:
                days.add(face.original)
                if face.slot == "finish":
                    days.update(_year_of(face.original))
            if face.current is not None:
                days.update((face.current, face.current + _TOMORROW))
    return sorted(days)


@lru_cache(maxsize=4096)
def _year_of(due: date) -> tuple[date, ...]:
    """Give the days on which the year of a due day begins and has ended."""
    begins = date(due.year, 1, 1)
    return (begins, date(due.year + 1, 1, 1)) if due.year < date.max.year else (begins,)


def _points_by_fold(
    events: Sequence[Event], view: str
) -> Iterator[tuple[date, int, Life | None]]:
    """The same where a later event is effective earlier: fold anew for every candidate day."""
    days = {event.effective_on for event in events}
    for event in events:
        for fact in event.facts.get("clocks", {}).values():
            for text in (fact.get("due"), fact.get("original")):
                if text:
                    due = date.fromisoformat(text)
                    days.update((due, due + _TOMORROW, *_year_of(due)))
    first = min(event.effective_on for event in events)
    for day in sorted(days):
        if day >= first:
            life = fold(events, day)
            yield day, mask_of(life.seen_on(view), day), life


def handlers_of(life: Life, tree: UnitTree) -> frozenset[str]:
    """Give the codes of the units a case counts at; one without handlers stands at the root."""
    codes = frozenset(code for code, party in life.parties if party in HANDLING)
    return codes or frozenset((tree.root.code,))


def spread_of(life: Life, tree: UnitTree) -> tuple[Spread, ...]:
    """Give how a case is spread over the tree of units (``UnitTree.branch_rows``)."""
    lead = next((code for code, party in life.parties if party == "lead"), "")
    return tree.branch_rows(handlers_of(life, tree), lead)


def types_of(life: Life) -> tuple[str, ...]:
    """Give the pollution types a case counts under, each once."""
    return tuple(dict.fromkeys(life.types)) or (UNTYPED,)


def places_of(
    life: Life, tree: UnitTree, list_ids: Mapping[str, int], home_list: str, view: str = HOME
) -> list[Place]:
    """Give where a standing counts, and how often: unit rows times types times lists.

    In: ``view``, HOME for the lists that show the case's own phase, else the code of the one list
    on which it has a standing of its own (nowhere while it has none there).
    """
    if view != HOME:
        homes = [list_ids[view]] if view in life.placements else []
    else:
        homes = [list_ids[home_list]]
        homes += [
            list_ids[code]
            for code in life.lists
            if code != home_list and code not in life.placements
        ]
    kinds = [(kind, 1) for kind in types_of(life)] if homes else []
    if len(kinds) > 1:
        kinds.append(("", 1 - len(kinds)))
    return [
        ((list_id, unit_id, top_id, unit_share, top_share, kind), weight * times)
        for unit_id, top_id, weight, unit_share, top_share in spread_of(life, tree)
        for kind, times in kinds
        for list_id in homes
    ]


def difference(before: Rows, after: Rows) -> list[tuple[Key, Vector]]:
    """Give what must be posted so that ``before`` becomes ``after``: the rows that change.

    In: two results of ``standing_rows`` for one case (before an event and with it).
    """
    changes = [(key, vector) for key, vector in after.items() if key not in before]
    for key, vector in before.items():
        now = after.get(key)
        if now is None:
            changes.append((key, [-value for value in vector]))
        elif now != vector:
            changes.append((key, [new - old for new, old in zip(now, vector, strict=True)]))
    return changes
