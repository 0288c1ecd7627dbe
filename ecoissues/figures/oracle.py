"""The plain definition of every figure: read the events, fold each case up to the day, count.

Slow and obvious on purpose. Sums and postings must agree with it for every day, known-at, cut and
definition; ``comparing`` and the tests hold them to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection, or_, select

from ecoissues.core.accounts import ACCOUNTS
from ecoissues.core.digests import canonical
from ecoissues.core.events import Event, live
from ecoissues.core.life import Life, fold
from ecoissues.core.units import UnitTree
from ecoissues.core.vocabulary import OUTCOMES
from ecoissues.figures.cuts import WHOLE, Cut, path_of
from ecoissues.figures.known import NOW, Known
from ecoissues.figures.registry import Definition
from ecoissues.figures.standing import accounts_of, handlers_of, types_of
from ecoissues.storage import tables as t
from ecoissues.storage.log import events_of_cases
from ecoissues.storage.reference import ListRow


def case_ids_of(connection: Connection, row: ListRow, containing: str = "") -> list[int]:
    """Give the cases at home in a list or ever placed on it, in order of ids.

    In: ``containing``, a piece of text that some event's facts must hold (a cheap first sieve).
    """
    e = t.events
    placed = select(e.c.case_id).where(
        e.c.facts.contains(f'"placed":{canonical(row.code)}', autoescape=True)
    )
    query = select(t.cases.c.id).where(or_(t.cases.c.list_id == row.id, t.cases.c.id.in_(placed)))
    if containing:
        holding = select(e.c.case_id).where(e.c.facts.contains(containing, autoescape=True))
        query = query.where(t.cases.c.id.in_(holding))
    return list(connection.execute(query.order_by(t.cases.c.id)).scalars().all())


def cases_as_of(
    connection: Connection,
    row: ListRow,
    as_of: date,
    known: Known = NOW,
    case_ids: list[int] | None = None,
) -> Iterator[tuple[int, Life]]:
    """Give each case that stands on a list at the end of a day, as known, with its standing.

    In: the list; ``case_ids`` limits the reading (default: all that may stand on it). Cases not
    yet registered that day are left out, void ones are not. Where a case has a standing of its own
    on the list, that is its phase (``Life.seen_on``).
    """
    known.check(as_of)
    ids = case_ids_of(connection, row) if case_ids is None else case_ids
    homes = _homes(connection, row)
    for case_id, events in events_of_cases(connection, ids):
        life = _life(events, as_of, known)
        if life.phase and (case_id in homes or row.code in life.lists):
            yield case_id, life.seen_on(row.code)


def _homes(connection: Connection, row: ListRow) -> set[int]:
    query = select(t.cases.c.id).where(t.cases.c.list_id == row.id)
    return set(connection.execute(query).scalars().all())


def _life(events: list[Event], as_of: date, known: Known) -> Life:
    return fold(live(events, known.pos), as_of)


def in_cut(tree: UnitTree, life: Life, path: str | None, cut: Cut) -> bool:
    """Whether a standing lies in a cut: a handling unit below (or at) the path, type, cohort."""
    paths = (tree.by_code[code].path for code in handlers_of(life, tree))
    if path is not None and not any(
        one == path if cut.own else one.startswith(path) for one in paths
    ):
        return False
    if cut.type is not None and cut.type not in types_of(life):
        return False
    day = life.registered_on
    return cut.cohort is None or (day is not None and cut.cohort == day.year * 100 + day.month)


def cases_in_cut(
    connection: Connection,
    tree: UnitTree,
    row: ListRow,
    as_of: date,
    known: Known = NOW,
    cut: Cut = WHOLE,
    containing: str = "",
) -> Iterator[tuple[int, Life]]:
    """Give each case of a list within a cut with its standing, void ones too (``cases_as_of``)."""
    path = path_of(tree, row, cut)
    batch = _in_batch(connection, cut)
    ids = case_ids_of(connection, row, containing)
    for case_id, life in cases_as_of(connection, row, as_of, known, ids):
        if (batch is None or case_id in batch) and in_cut(tree, life, path, cut):
            yield case_id, life


def _in_batch(connection: Connection, cut: Cut) -> set[int] | None:
    if cut.batch_id is None:
        return None
    query = select(t.cases.c.id).where(t.cases.c.batch_id == cut.batch_id)
    return set(connection.execute(query).scalars().all())


def count_by_oracle(
    connection: Connection,
    tree: UnitTree,
    row: ListRow,
    as_of: date,
    known: Known = NOW,
    cut: Cut = WHOLE,
) -> dict[str, int]:
    """Give every stock of a cut, counted case by case; flows are 0 (they are not standings)."""
    total, until = [0] * len(ACCOUNTS), known.instant_on(as_of)
    for _, life in cases_in_cut(connection, tree, row, as_of, known, cut):
        stocks = accounts_of(life, as_of, until)
        total = [one + other for one, other in zip(total, stocks, strict=True)]
    return dict(zip(ACCOUNTS, total, strict=True))


def figure_by_oracle(
    connection: Connection,
    tree: UnitTree,
    definition: Definition,
    row: ListRow,
    as_of: date,
    known: Known = NOW,
    cut: Cut = WHOLE,
) -> tuple[int, int]:
    """Give part and whole of a figure by the plain definition."""
    total = count_by_oracle(connection, tree, row, as_of, known, cut)
    return sum(total[a] for a in definition.part), sum(total[a] for a in definition.whole)


def outcome_members(
    connection: Connection,
    tree: UnitTree,
    row: ListRow,
    as_of: date,
    known: Known = NOW,
    cut: Cut = WHOLE,
) -> dict[str, list[int]]:
    """Give, for each sort of outcome, the cases that have it; a case once per sort, void none."""
    found: dict[str, list[int]] = {}
    place = (connection, tree, row, as_of, known, cut)
    for case_id, life in cases_in_cut(*place, containing='"outcomes":'):
        if not life.is_void:
            for sort in dict.fromkeys(outcome["sort"] for outcome in life.outcomes):
                found.setdefault(sort, []).append(case_id)
    return found


def outcome_counts(
    connection: Connection,
    tree: UnitTree,
    row: ListRow,
    as_of: date,
    known: Known = NOW,
    cut: Cut = WHOLE,
) -> list[tuple[str, int]]:
    """Give (sort of outcome, number of cases that have it), in the order of the vocabulary."""
    found = outcome_members(connection, tree, row, as_of, known, cut)
    counts = Counter({sort: len(ids) for sort, ids in found.items()})
    order = [*OUTCOMES, *sorted(set(counts) - set(OUTCOMES))]
    return [(sort, counts[sort]) for sort in order if counts[sort]]
