"""Bridges: why a figure of a day is another today than when it was published, row by row.

The postings are the bridge: what was recorded after the published position and is effective by the
published day changed the figure by exactly its own sums, case by case and position by position. So
the rows always add up to the difference; the events at those positions say the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, func, select

from ecoissues.core.events import CORRECTIONS, Event
from ecoissues.core.units import UnitTree
from ecoissues.figures.cuts import Cut, conditions, path_of
from ecoissues.figures.editions import FrozenFigure, FrozenGroup, weighed
from ecoissues.figures.known import Known
from ecoissues.figures.totals import by_then
from ecoissues.storage import tables as t
from ecoissues.storage.log import events_of_cases
from ecoissues.storage.reference import ListRow

_OVER: Final = ("closed", "reviewed")
_AT_ONCE: Final = 400


class Move(Struct, frozen=True):
    """One row of a bridge: by how much one case changed part and whole, and why.

    ``reason`` is a key of ``vocabulary.REVISIONS``; ``step``, days and actor are those of the
    event that did it (empty for a changed definition).
    """

    case_id: int
    reason: str
    part: int
    whole: int
    pos: int = 0
    step: str = ""
    effective_on: str = ""
    recorded_at: str = ""
    actor: str = ""


class Basis(Struct, frozen=True):
    """What a bridge stands on: list, day and cut of the published figure, and one of its groups."""

    row: ListRow
    as_of: date
    cut: Cut
    by: str = "district"
    unit: FrozenGroup | None = None

    def where(self, tree: UnitTree) -> list[ColumnElement[bool]]:
        """Give the conditions on postings besides day and position."""
        found = list(conditions(tree, path_of(tree, self.row, self.cut), self.cut))
        if self.unit is not None:
            column = t.postings.c.top_id if self.by == "district" else t.postings.c.unit_id
            found.append(column == self.unit.id)
        return found


def revisions(
    connection: Connection, tree: UnitTree, basis: Basis, figure: FrozenFigure, after: int, until: Known
) -> list[Move]:
    """Give what was recorded in (after, until] and changed the figure of its day, in log order.

    In: the figure as published, the position it was published at. Out: the sums of ``part`` and
    ``whole`` are exactly the difference of the figure counted at both positions.
    """
    p = t.postings
    where = [
        p.c.list_id == basis.row.id, p.c.pos > after, p.c.pos <= until.limit,
        p.c.day <= basis.as_of.toordinal(), *basis.where(tree),
    ]  # fmt: skip
    return _explained(connection, _sums(connection, figure, where))


def progress(
    connection: Connection, tree: UnitTree, basis: Basis, figure: FrozenFigure, since: date, known: Known
) -> list[Move]:
    """Give what happened after the day ``since`` until the basis's day, as known: no revision."""
    where = [
        *by_then(basis.row.id, basis.as_of, known), t.postings.c.day > since.toordinal(),
        *basis.where(tree),
    ]  # fmt: skip
    found = _sums(connection, figure, where)
    return [
        Move(one.case_id, "progress", one.part, one.whole, one.pos, one.step, one.effective_on,
             one.recorded_at, one.actor)
        for one in _explained(connection, found)
    ]  # fmt: skip


def _sums(
    connection: Connection, figure: FrozenFigure, where: Sequence[ColumnElement[bool]]
) -> list[tuple[int, int, int, int]]:
    p = t.postings
    part, whole = func.sum(weighed(figure.part_accounts)), func.sum(weighed(figure.whole_accounts))
    query = (
        select(p.c.case_id, p.c.pos, part, whole)
        .where(*where)
        .group_by(p.c.case_id, p.c.pos)
        .having((part != 0) | (whole != 0))
        .order_by(p.c.pos)
    )
    return [(row[0], row[1], int(row[2]), int(row[3])) for row in connection.execute(query)]


def _explained(connection: Connection, sums: list[tuple[int, int, int, int]]) -> list[Move]:
    """Put the event beside each sum: read in the order of cases, given in that of the log."""
    ids = sorted({case_id for case_id, *_ in sums})
    logs: dict[int, list[Event]] = {}
    for start in range(0, len(ids), _AT_ONCE):
        logs.update(events_of_cases(connection, ids[start : start + _AT_ONCE]))
    moves = []
    for case_id, pos, part, whole in sums:
        before, together = _recorded_at(logs.get(case_id, []), pos)
        last = together[-1] if together else None
        moves.append(
            Move(
                case_id, reason_of(before, together), part, whole, pos,
                last.step if last else "", last.effective_on.isoformat() if last else "",
                last.recorded_at if last else "", last.actor if last else "",
            )
        )  # fmt: skip
    return moves


def _recorded_at(log: Sequence[Event], pos: int) -> tuple[list[Event], list[Event]]:
    """Give the events before, and those recorded together with, the one at a position.

    One act may write several events (strike and restate); they are posted at the last one's place.
    """
    known = [event for event in log if event.pos <= pos]
    together: list[Event] = []
    while known and (not together or _goes_with(known[-1], together[0])):
        together.insert(0, known.pop())
    return known, together


def _goes_with(event: Event, following: Event) -> bool:
    same = event.recorded_at == following.recorded_at and event.actor == following.actor
    return same and event.pos + 1 == following.pos


def reason_of(before: Sequence[Event], together: Sequence[Event]) -> str:
    """Tell why a case's standing of an earlier day changed: a key of ``vocabulary.REVISIONS``.

    In: its events before, and those recorded in the act. A correction is told before anything it
    brings about; what is none of the named is a late entry.
    """
    if any(event.step in CORRECTIONS for event in together):
        return "corrected"
    facts: dict[str, Any] = {}
    for event in together:
        facts.update(event.facts)
    if "merged_into" in facts:
        return "merged"
    phase = next((event.phase for event in reversed(before) if event.moves), "")
    moved = next((event for event in reversed(together) if event.moves), None)
    if moved is not None and moved.phase == "void":
        return "voided"
    if moved is not None and phase in _OVER and moved.phase not in _OVER:
        return "reopened"
    if "parties" in facts and any(event.facts.get("parties") for event in before):
        return "reassigned"
    if "placed" in facts or "unplaced" in facts:
        return "placed"
    if moved is None and any(f.get("op") != "set" for f in facts.get("clocks", {}).values()):
        return "redated"
    return "late"


def redefinitions(
    connection: Connection, tree: UnitTree, basis: Basis, then: FrozenFigure, now: FrozenFigure,
    known: Known,
) -> list[Move]:  # fmt: skip
    """Give the cases that count otherwise under the definition of today: no event did it."""
    p = t.postings
    if (then.part_accounts, then.whole_accounts) == (now.part_accounts, now.whole_accounts):
        return []
    part = func.sum(weighed(now.part_accounts)) - func.sum(weighed(then.part_accounts))
    whole = func.sum(weighed(now.whole_accounts)) - func.sum(weighed(then.whole_accounts))
    query = (
        select(p.c.case_id, part, whole)
        .where(*by_then(basis.row.id, basis.as_of, known), *basis.where(tree))
        .group_by(p.c.case_id)
        .having((part != 0) | (whole != 0))
        .order_by(p.c.case_id)
    )
    return [
        Move(row[0], "redefined", int(row[1]), int(row[2])) for row in connection.execute(query)
    ]


def by_reason(moves: Iterable[Move]) -> dict[str, tuple[int, int, int]]:
    """Sum a bridge up: reason -> (rows, part, whole), in the order in which they first appear."""
    found: dict[str, tuple[int, int, int]] = {}
    for move in moves:
        rows, part, whole = found.get(move.reason, (0, 0, 0))
        found[move.reason] = (rows + 1, part + move.part, whole + move.whole)
    return found
