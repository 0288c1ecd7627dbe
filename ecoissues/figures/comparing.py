"""Do the books agree? Postings against the events of each case, sums against the oracle.

``ecoissues verify`` reports each difference; there must be none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, select

from ecoissues.core.accounts import ACCOUNTS, STOCKS
from ecoissues.core.events import live
from ecoissues.core.units import UnitTree
from ecoissues.figures.cubes import KEYS, CubeKey, summed
from ecoissues.figures.known import NOW, Known
from ecoissues.figures.oracle import cases_as_of
from ecoissues.figures.postings import KEY_COLUMNS
from ecoissues.figures.standing import Rows, accounts_of, spread_of, standing_rows, types_of
from ecoissues.figures.totals import Shared, Vectors, shares, shares_plain, sums, sums_plain
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
    names = [p.c.case_id, *(p.c[name] for name in KEY_COLUMNS)]
    found: dict[int, Rows] = {}
    query = select(*names, *summed(p)).where(p.c.case_id.in_(case_ids)).group_by(*names)
    width = len(KEY_COLUMNS) + 1
    for row in connection.execute(query):
        if any(row[width:]):
            key: Any = tuple(row[1:width])
            found.setdefault(row[0], {})[key] = list(row[width:])
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
    counted, shared = oracle_sums(connection, tree, row, day, known)
    for cube in KEYS:
        read: Any = sums(connection, row.id, cube, day, known)
        plain: Any = sums_plain(connection, row.id, cube, day, known)
        yield from _unlike(f"{row.code} {cube} {day}", counted[cube], read, plain)
    for cube, right in shared.items():
        read = shares(connection, row.id, cube, day, known)
        plain = shares_plain(connection, row.id, cube, day, known)
        yield from _unlike(f"{row.code} {cube} shares {day}", right, read, plain)


def _unlike(
    where: str, counted: Mapping[Any, Any], read: Mapping[Any, Any], plain: Mapping[Any, Any]
) -> Iterator[Difference]:
    for key in sorted({*read, *counted, *plain}, key=str):
        for place, name in enumerate(ACCOUNTS):
            source = counted if name in STOCKS else plain
            right = source[key][place] if key in source else 0
            wrong = read[key][place] if key in read else 0
            if right != wrong:
                yield Difference(where, str(key), name, right, wrong)


def oracle_sums(
    connection: Connection, tree: UnitTree, row: ListRow, day: date, known: Known = NOW
) -> tuple[dict[str, Vectors], dict[str, Shared]]:
    """Count every stock of a list case by case: for every key of every cube, and for every
    (key, share) of the cubes that have shares."""
    totals: dict[str, dict[CubeKey, list[int]]] = {cube: {} for cube in KEYS}
    shared: dict[str, dict[tuple[int, int], list[int]]] = {"unit": {}, "district": {}}
    for _, life in cases_as_of(connection, row, day, known):
        stocks = accounts_of(life, day)
        registered = life.registered_on or day
        kinds = types_of(life)
        _count(totals["cohort"], registered.year * 100 + registered.month, stocks, 1)
        for kind in kinds:
            _count(totals["type"], kind, stocks, 1)
        _count(totals["type"], "", stocks, 1 - len(kinds))
        for unit_id, top_id, weight, unit_share, top_share in spread_of(life, tree):
            _count(totals["unit"], unit_id, stocks, weight)
            _count(totals["district"], top_id, stocks, weight)
            _count(shared["unit"], (unit_id, unit_share), stocks, weight)
            _count(shared["district"], (top_id, top_share), stocks, weight)
    return (
        {cube: {key: tuple(vector) for key, vector in one.items()} for cube, one in totals.items()},
        {cube: {key: tuple(vector) for key, vector in one.items()} for cube, one in shared.items()},
    )


def _count(
    totals: dict[Any, list[int]], key: CubeKey | tuple[int, int], stocks: tuple[int, ...], times: int
) -> None:
    vector = totals.setdefault(key, [0] * len(ACCOUNTS))
    for place, stock in enumerate(stocks):
        vector[place] += stock * times
