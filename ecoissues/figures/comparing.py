"""Do the books agree? Postings against the events of each case, sums against the oracle.

``ecoissues verify`` reports each difference; there must be none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from msgspec import Struct
from sqlalchemy import Connection, select

from ecoissues.core.accounts import ACCOUNTS, STOCKS
from ecoissues.core.events import live
from ecoissues.core.units import UnitTree
from ecoissues.figures.cubes import KEYS, CubeKey, summed
from ecoissues.figures.known import NOW, Known
from ecoissues.figures.oracle import cases_as_of
from ecoissues.figures.standing import Rows, accounts_of, handlers_of, standing_rows, types_of
from ecoissues.figures.totals import Vectors, sums, sums_plain
from ecoissues.storage import tables as t
from ecoissues.storage.log import events_of_cases
from ecoissues.storage.reference import ListRow

_BATCH = 500


class Difference(Struct, frozen=True):
    """One disagreement: ``where`` (a case or a cube), which key and account, both values."""

    where: str
    key: str
    account: str
    expected: int
    found: int


def compare(
    connection: Connection,
    tree: UnitTree,
    lists: dict[int, ListRow],
    days: Iterable[date] = (),
    known: Known = NOW,
) -> Iterator[Difference]:
    """Give every difference between the log, the postings and the sums.

    In: all lists by id; ``days``: for each, every list is counted by the oracle too and compared
    with the sums by district, unit, type and cohort. The postings of each case are compared with
    its whole step function whatever the days, so any day is covered by them.
    """
    yield from compare_postings(connection, tree, lists)
    for day in days:
        for row in lists.values():
            yield from compare_sums(connection, tree, row, day, known)


def compare_postings(
    connection: Connection, tree: UnitTree, lists: dict[int, ListRow]
) -> Iterator[Difference]:
    """Compare what stands posted for each case with what its live events say."""
    ids = {row.code: row.id for row in lists.values()}
    homes = connection.execute(select(t.cases.c.id, t.cases.c.list_id).order_by(t.cases.c.id)).all()
    for start in range(0, len(homes), _BATCH):
        batch = {case_id: lists[list_id].code for case_id, list_id in homes[start : start + _BATCH]}
        posted = _posted(connection, list(batch))
        for case_id, events in events_of_cases(connection, list(batch)):
            rows = standing_rows(live(events), tree, ids, batch[case_id])
            yield from _between(f"case {case_id}", rows, posted.pop(case_id, {}))
        for case_id, rows in posted.items():
            yield from _between(f"case {case_id}", {}, rows)


def _posted(connection: Connection, case_ids: list[int]) -> dict[int, Rows]:
    p = t.postings
    names = [p.c.case_id, p.c.day, p.c.list_id, p.c.unit_id, p.c.top_id, p.c.type, p.c.cohort]
    found: dict[int, Rows] = {}
    query = select(*names, *summed(p)).where(p.c.case_id.in_(case_ids)).group_by(*names)
    for case_id, day, list_id, unit_id, top_id, kind, cohort, *vector in connection.execute(query):
        if any(vector):
            key = (day, list_id, unit_id, top_id, kind, cohort)
            found.setdefault(case_id, {})[key] = list(vector)
    return found


def _between(where: str, expected: Rows, found: Rows) -> Iterator[Difference]:
    zero = [0] * len(ACCOUNTS)
    for key in sorted({*expected, *found}):
        pair = zip(expected.get(key, zero), found.get(key, zero), strict=True)
        for name, (right, wrong) in zip(ACCOUNTS, pair, strict=True):
            if right != wrong:
                yield Difference(where, str(key), name, right, wrong)


def compare_sums(
    connection: Connection, tree: UnitTree, row: ListRow, day: date, known: Known = NOW
) -> Iterator[Difference]:
    """Compare the sums of one list and day, by every cube, with the oracle's count.

    Flows are compared with the plain sum of the postings: they are no standings.
    """
    counted = oracle_sums(connection, tree, row, day, known)
    for cube in KEYS:
        read = sums(connection, row.id, cube, day, known)
        plain = sums_plain(connection, row.id, cube, day, known)
        where = f"{row.code} {cube} {day}"
        for key in sorted({*read, *counted[cube], *plain}, key=str):
            for place, name in enumerate(ACCOUNTS):
                source = counted[cube] if name in STOCKS else plain
                right = source[key][place] if key in source else 0
                wrong = read[key][place] if key in read else 0
                if right != wrong:
                    yield Difference(where, str(key), name, right, wrong)


def oracle_sums(
    connection: Connection, tree: UnitTree, row: ListRow, day: date, known: Known = NOW
) -> dict[str, Vectors]:
    """Count every stock of a list for every key of every cube, case by case."""
    totals: dict[str, dict[CubeKey, list[int]]] = {cube: {} for cube in KEYS}
    for _, life in cases_as_of(connection, row, day, known):
        stocks = accounts_of(life, day)
        registered = life.registered_on or day
        spread = tree.branch_rows(handlers_of(life, tree))
        kinds = types_of(life)
        keys: list[tuple[str, CubeKey, int]] = [
            ("cohort", registered.year * 100 + registered.month, 1),
            *(("type", kind, 1) for kind in kinds),
            ("type", "", 1 - len(kinds)),
            *(("unit", unit_id, weight) for unit_id, _, weight in spread),
            *(("district", top_id, weight) for _, top_id, weight in spread),
        ]
        for cube, key, weight in keys:
            vector = totals[cube].setdefault(key, [0] * len(ACCOUNTS))
            for place, stock in enumerate(stocks):
                vector[place] += stock * weight
    return {
        cube: {key: tuple(vector) for key, vector in found.items()}
        for cube, found in totals.items()
    }
