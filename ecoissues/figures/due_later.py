"""Clocks in minutes that are due later on the very day of a figure: they have not run out yet.

Postings say how a day *ends*. A figure that is made during its day (or is known at an instant of
it) must not count as overdue what may still be met before the day is over, so those few cases are
folded and taken back. Clocks in days need none of this: they are overdue the day after.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from msgspec import Struct
from sqlalchemy import Connection, bindparam, select

from ecoissues.core.accounts import ACCOUNTS, INDEX
from ecoissues.core.events import live
from ecoissues.core.instants import SHANGHAI, instant_text
from ecoissues.core.life import Life, fold
from ecoissues.core.units import UnitTree
from ecoissues.figures.cuts import WHOLE, Cut, path_of
from ecoissues.figures.known import Known
from ecoissues.figures.oracle import in_cut
from ecoissues.figures.standing import accounts_of, change_between, mask_of, places_of
from ecoissues.storage import tables as t
from ecoissues.storage.log import events_of_cases
from ecoissues.storage.prepared import Prepared
from ecoissues.storage.reference import ListRow

_C = t.cases.c
_RUNNING = Prepared(
    select(_C.id).where(_C.due_at > bindparam("now"), _C.due_at < bindparam("end")).order_by(_C.id)
)


class Counted(Struct, frozen=True):
    """One place at which a case counts in a list, as a posting names it, and how often."""

    unit_id: int
    top_id: int
    unit_share: int
    top_share: int
    type: str
    cohort: int
    times: int


class Later(Struct, frozen=True):
    """A case with such a clock: where it counts, what it counts in at the instant, and how its
    accounts differ from those of the day's end, as (account, -1 or 1)."""

    case_id: int
    places: tuple[Counted, ...]
    accounts: tuple[int, ...]
    change: tuple[tuple[str, int], ...]

    def counted(self, names: tuple[str, ...]) -> int:
        """Give the sum of some accounts at the instant."""
        return sum(self.accounts[INDEX[name]] for name in names)


def due_later(
    connection: Connection, tree: UnitTree, row: ListRow, as_of: date, known: Known,
    cut: Cut = WHOLE,
) -> list[Later]:  # fmt: skip
    """Give the cases of a list and a cut that stand otherwise at the instant than at the day's end.

    Nothing where the day was over when the figure was known.
    """
    instant = known.instant_on(as_of)
    ids = _candidates(connection, row, as_of, known, instant) if instant else []
    if not ids:
        return []
    lists = {code: number for number, code in connection.execute(select(t.lists.c.id, t.lists.c.code))}
    names = {number: code for code, number in lists.items()}
    query = select(_C.id, _C.list_id, _C.batch_id).where(_C.id.in_(ids))
    heads = {head.id: head for head in connection.execute(query)}
    path, later = path_of(tree, row, cut), []
    for case_id, events in events_of_cases(connection, ids):
        life = fold(live(events, known.pos), as_of)
        change = change_between(mask_of(life, as_of), mask_of(life, as_of, instant))
        if not change or (cut.batch_id is not None and heads[case_id].batch_id != cut.batch_id):
            continue
        if in_cut(tree, life, path, cut):
            places = _places(life, tree, lists, names[heads[case_id].list_id], row.id)
            named = tuple((ACCOUNTS[place], sign) for place, sign in change)
            later.append(Later(case_id, places, accounts_of(life, as_of, instant), named))
    return [one for one in later if one.places]


def _places(
    life: Life, tree: UnitTree, lists: dict[str, int], home: str, list_id: int
) -> tuple[Counted, ...]:
    first = life.registered_on or date.min
    cohort = first.year * 100 + first.month
    return tuple(
        Counted(*place[1:], cohort, times)
        for place, times in places_of(life, tree, lists, home)
        if place[0] == list_id
    )


def _candidates(
    connection: Connection, row: ListRow, as_of: date, known: Known, instant: str
) -> list[int]:
    """Give the cases that may be meant: now, by their running clocks; at an earlier instant, those
    that became overdue on that day by their postings."""
    if known.pos is None:
        end = datetime.combine(as_of + timedelta(days=1), time(), SHANGHAI)
        found = _RUNNING.run(connection, {"now": instant, "end": instant_text(end)})
        return [case_id for (case_id,) in found]
    p = t.postings.c
    query = select(p.case_id).where(
        p.list_id == row.id, p.day == as_of.toordinal(), p.a_overdue > 0, p.pos <= known.pos
    )
    return sorted(set(connection.execute(query).scalars()))
