"""A list of many cases, each drawn by itself, and what a board of it costs: shared by the parts.

Postings are drawn for each case (none repeated), as a campaign of eight years leaves them:
registered, handed over, signed for, reported, phase-closed, closed, reviewed, some overdue, 3 %
entered late. They come in the order of their recording, as a log does.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, insert, update

from ecoissues.core.accounts import ACCOUNTS, INDEX
from ecoissues.core.units import Unit, UnitTree
from ecoissues.figures import totals
from ecoissues.figures.cuts import WHOLE, Cut
from ecoissues.figures.known import NOW, Known
from ecoissues.figures.postings import insert_values, values_of
from ecoissues.figures.reading import Board
from ecoissues.figures.registry import packaged_definitions
from ecoissues.figures.series import month_ends, series
from ecoissues.figures.standing import Key, Vector
from ecoissues.storage import tables as t
from ecoissues.storage.engine import Store
from ecoissues.storage.reference import load_lists, load_tree

FIRST, DAYS = date(2018, 1, 1), 8 * 365
LAST = date(2025, 12, 28)
#: As far from both ends of its half month as a day can be: the dearest one.
AS_OF = date(2024, 12, 23)
DISTRICTS, BUREAUS = 41, 8
TYPES = ("water", "air", "soil", "ecology", "noise", "radiation", "solid_waste", "other")
WIDTH = len(ACCOUNTS)

Change = tuple[Key, Vector]


def variants(connection: Connection, known_pos: int) -> dict[str, Callable[[], Any]]:
    """Give what is timed: ours, and the raw query beside it."""
    tree, row = load_tree(connection), load_lists(connection)[1]
    closure = packaged_definitions().get("closure_rate")
    wanted = closure.accounts
    shape = ("district", ACCOUNTS, "now", False)
    text, constants, names = totals._compiled(connection.dialect, shape)
    values = {**constants, **totals.place_values(1, AS_OF)}
    bound: Any = values if names is None else tuple(values[name] for name in names)
    cursor = connection.connection.cursor()
    # Known two days later: whatever was entered late after that must be taken out again.
    early = Known(known_pos, None, AS_OF + timedelta(days=2))

    def raw() -> Any:
        cursor.execute(text, bound)
        return cursor.fetchall()

    def board(known: Known = NOW, cut: Cut = WHOLE) -> Any:
        found = Board(connection, tree, row, AS_OF, known, cut)
        return found.figure(closure, "district")

    def one_figure() -> Any:
        return Board(connection, tree, row, AS_OF, accounts=wanted).figure(closure, "district")

    district = tree.tops()[7].path
    return {
        "raw query of the board": raw,
        "board, past day": board,
        "one figure by district": one_figure,
        "board, by unit": lambda: Board(connection, tree, row, AS_OF).figure(closure, "unit"),
        "board, by type": lambda: Board(connection, tree, row, AS_OF).figure(closure, "type"),
        "board of one district": lambda: board(cut=Cut(scope_path=district)),
        "board, earlier known-at": lambda: board(early),
        "trend of 12 months": lambda: series(
            connection, tree, closure, row, month_ends(AS_OF, 12)
        ),
    }  # fmt: skip


def found(store: Store) -> UnitTree:
    """Make the tables, the units and one list; gives the units."""
    tree = units()
    with store.engine.execution_options(write=True).begin() as connection:
        t.metadata.create_all(connection)
    with store.writing() as connection:
        connection.execute(insert(t.units), [_unit_row(unit) for unit in tree.by_id.values()])
        connection.execute(
            insert(t.lists).values(
                id=1, code="L", title="L", kind="k", kind_version=1, level="municipal", unit_id=1
            )
        )
        recorded_at = f"{LAST.isoformat()}T00:00:00.000000Z"
        connection.execute(insert(t.head).values(id=1, pos=0, recorded_at=recorded_at))
    return tree


def fill(store: Store, cases: int) -> int:
    """Write the postings of every case. Gives the last position recorded two days after AS_OF."""
    tree = found(store)
    pos, known, values = 0, 0, list[tuple[Any, ...]]()
    for day, entries in by_day(random.Random(20260727), tree, cases):
        for case_id, changes in entries:
            pos += 1
            values += values_of(case_id, pos, day, changes)
        known = pos if day <= AS_OF + timedelta(2) else known
        if len(values) > 50_000 or day == LAST:
            with store.writing() as connection:
                insert_values(connection, values)
            values.clear()
    with store.writing() as connection:
        connection.execute(update(t.head).values(pos=pos))
    return known


def by_day(
    drawn: random.Random, tree: UnitTree, cases: int, first: int = 1, step: int = 1
) -> Iterator[tuple[date, list[tuple[int, list[Change]]]]]:
    """Draw cases and give, for each day to LAST, what is recorded on it: (case, its postings).

    In: the number of cases, the id of the first one and the step to the next.
    """
    arrivals = Counter(drawn.randrange(DAYS) for _ in range(cases))
    waiting: dict[date, list[tuple[int, list[Change]]]] = defaultdict(list)
    case_id = first
    for days in range((LAST - FIRST).days + 1):
        day = FIRST + timedelta(days)
        for _ in range(arrivals[days]):
            for recorded, changes in entries_of(drawn, tree, day):
                waiting[recorded].append((case_id, changes))
            case_id += step
        yield day, waiting.pop(day, [])


def units() -> UnitTree:
    """A city, its districts, bureaus below each."""
    found = [Unit(1, "C", "C", "C", "municipality", None, "/1/", "/1/", 1)]
    for place in range(DISTRICTS):
        top = 10 + place
        path = f"/1/{top}/"
        found.append(Unit(top, f"D{top}", "D", "D", "district", 1, path, path, top))
        for bureau in range(BUREAUS):
            id_ = 1000 + place * BUREAUS + bureau
            found.append(Unit(id_, f"B{id_}", "B", "B", "bureau", top, f"{path}{id_}/", path, top))
    return UnitTree(found)


def _unit_row(unit: Unit) -> dict[str, Any]:
    names = ("id", "code", "name", "short", "kind", "parent_id", "path", "scope_path", "top_id")
    return {name: getattr(unit, name) for name in names}


@lru_cache
def vector_of(changes: tuple[tuple[str, int], ...], weight: int) -> Vector:
    """Give a change of accounts as a vector; there are few different ones."""
    vector = [0] * WIDTH
    for name, change in changes:
        vector[INDEX[name]] = change * weight
    return vector


def entries_of(
    drawn: random.Random, tree: UnitTree, day: date
) -> Iterator[tuple[date, list[Change]]]:
    """Draw one case registered on a day: gives (day of recording, postings) for its events."""
    bureau = 1000 + drawn.randrange(DISTRICTS * BUREAUS)
    parties = [f"B{bureau}"]
    if drawn.random() < 0.05:
        parties.append(f"B{1000 + drawn.randrange(DISTRICTS * BUREAUS)}")
    places = tree.branch_rows(frozenset(parties))
    kind = drawn.choice(TYPES)
    cohort = day.year * 100 + day.month

    def entry(days: int, *changes: tuple[str, int]) -> tuple[date, list[Change]]:
        when = day.toordinal() + days
        late = drawn.randrange(20, 90) if drawn.random() < 0.03 else 0
        rows = [
            (
                (when, 1, unit_id, top_id, unit_share, top_share, kind, cohort),
                vector_of(changes, weight),
            )
            for unit_id, top_id, weight, unit_share, top_share in places
        ]
        return day + timedelta(days + late), rows

    yield entry(0, ("cases", 1), ("open", 1), ("handed_over", 1), ("arrivals", 1))
    yield entry(drawn.randrange(3), ("signed_for", 1))
    yield entry(drawn.randrange(4, 14), ("reported", 1), ("substantiated", 1))
    if drawn.random() < 0.2:
        yield entry(drawn.randrange(15, 60), ("overdue", 1), ("overdue_finish", 1))
    if drawn.random() < 0.4:
        yield entry(drawn.randrange(14, 20), ("open", -1), ("phase_closed", 1))
        yield entry(drawn.randrange(20, 400), ("phase_closed", -1), ("closed", 1), ("closings", 1))
    elif drawn.random() < 0.97:
        yield entry(drawn.randrange(14, 200), ("open", -1), ("closed", 1), ("closings", 1))
