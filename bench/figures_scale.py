"""The board of a past day at 63,000 and 630,000 independently drawn cases, beside its raw query.

    python bench/figures_scale.py [--cases 63000,630000] [--url postgresql://…] [--keep DIR]

Postings are drawn for each case by itself (no case repeated), as a campaign of eight years leaves
them: registered, handed over, signed for, reported, phase-closed, closed, reviewed, some overdue,
3 % entered late. Printed: medians of interleaved rounds; the goals are those of the issue.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
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
from ecoissues.figures.sums import rebuild
from ecoissues.storage import tables as t
from ecoissues.storage.engine import Store
from ecoissues.storage.reference import load_lists, load_tree

FIRST, DAYS = date(2018, 1, 1), 8 * 365
#: As far from both ends of its half month as a day can be: the dearest one.
AS_OF = date(2024, 12, 23)
DISTRICTS, BUREAUS = 41, 8
TYPES = ("water", "air", "soil", "ecology", "noise", "radiation", "solid_waste", "other")
WIDTH = len(ACCOUNTS)


def main() -> None:
    """Run every size asked for and print one line of figures for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default="63000,630000")
    parser.add_argument("--url", help="a PostgreSQL database that may be filled; default SQLite")
    parser.add_argument("--keep", help="folder for the SQLite files (default: a temporary one)")
    options = parser.parse_args()
    medians = []
    for cases in map(int, options.cases.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(options.keep or folder) / f"figures-{cases}.sqlite3"
            store = Store(options.url or f"sqlite:///{path}")
            try:
                medians.append(measure(store, cases))
            finally:
                store.close()
    if len(medians) == 2:
        grown = medians[1]["board, past day"] / medians[0]["board, past day"]
        print(f"growth of the board of a past day: {grown:.2f}x (goal: at most 4x)")


def measure(store: Store, cases: int) -> dict[str, float]:
    """Fill, sum and time one database; gives medians in ms."""
    with store.engine.execution_options(write=True).begin() as connection:
        t.metadata.drop_all(connection)
        t.metadata.create_all(connection)
    began = time.perf_counter()
    rows, known_pos = fill(store, cases)
    filled = time.perf_counter()
    rebuild(store)
    print(
        f"\n{store.dialect}, {cases} cases, {rows} postings: filled in {filled - began:.1f} s,"
        f" summed in {time.perf_counter() - filled:.1f} s"
    )
    if store.dialect == "postgresql":
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    with store.reading() as connection:
        return timed(connection, variants(connection, known_pos))


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


def timed(connection: Connection, cases: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Time each variant in turn, 25 rounds."""
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(25):
        for name, run in cases.items():
            began = time.perf_counter()
            run()
            taken[name].append((time.perf_counter() - began) * 1000)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    raw = medians["raw query of the board"]
    for name, median in medians.items():
        print(f"  {name:28} {median:8.2f} ms   {median / raw:5.2f}x raw")
    return medians


def fill(store: Store, cases: int) -> tuple[int, int]:
    """Write the units, one list and the postings of every case in order of their recording.

    Gives the number of postings and the last position recorded two days after AS_OF.
    """
    drawn = random.Random(20260727)
    tree = units()
    with store.writing() as connection:
        connection.execute(insert(t.units), [_unit_row(unit) for unit in tree.by_id.values()])
        connection.execute(
            insert(t.lists).values(
                id=1, code="L", title="L", kind="k", kind_version=1, level="municipal", unit_id=1
            )
        )
        connection.execute(
            insert(t.head).values(id=1, pos=0, recorded_at="2025-12-28T00:00:00.000000Z")
        )
    entries = sorted(
        entry for case_id in range(1, cases + 1) for entry in entries_of(drawn, tree, case_id)
    )
    rows = 0
    for start in range(0, len(entries), 50_000):
        with store.writing() as connection:
            values = []
            for pos, (recorded, case_id, changes) in enumerate(entries[start : start + 50_000]):
                values += values_of(case_id, start + pos + 1, date.fromordinal(recorded), changes)
            rows += len(values)
            insert_values(connection, values)
    with store.writing() as connection:
        connection.execute(update(t.head).values(pos=len(entries)))
    known = sum(recorded <= AS_OF.toordinal() + 2 for recorded, _, _ in entries)
    return rows, known


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


Entry = tuple[int, int, list[tuple[Key, Vector]]]


def entries_of(drawn: random.Random, tree: UnitTree, case_id: int) -> Iterator[Entry]:
    """Draw one case: gives (day of recording, case, postings) for each of its events."""
    day = FIRST + timedelta(days=drawn.randrange(DAYS))
    bureau = 1000 + drawn.randrange(DISTRICTS * BUREAUS)
    parties = [f"B{bureau}"]
    if drawn.random() < 0.05:
        parties.append(f"B{1000 + drawn.randrange(DISTRICTS * BUREAUS)}")
    places = tree.branch_rows(frozenset(parties))
    kind = drawn.choice(TYPES)
    cohort = day.year * 100 + day.month

    def entry(days: int, *changes: tuple[str, int]) -> Entry:
        vector = [0] * WIDTH
        for name, change in changes:
            vector[INDEX[name]] = change
        when = day.toordinal() + days
        late = drawn.randrange(20, 90) if drawn.random() < 0.03 else 0
        rows = [
            (
                (when, 1, unit_id, top_id, unit_share, top_share, kind, cohort),
                [value * weight for value in vector],
            )
            for unit_id, top_id, weight, unit_share, top_share in places
        ]
        return when + late, case_id, rows

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


if __name__ == "__main__":
    main()
