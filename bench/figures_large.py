"""The board of a past day at 6.3 million cases on PostgreSQL, and by which indexes it is read.

The cases are drawn by as many processes as there are cores and copied in, the indexes made after;
sums are built by the product's own rebuild. The server is thrown away with them.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from functools import lru_cache
from multiprocessing import get_context
from typing import Any

import psycopg
from sqlalchemy import Connection, make_url, update

from bench import figures_scale as scale
from bench import throwaway
from bench.measuring import Line, Options, in_turn
from ecoissues.core.accounts import ACCOUNTS
from ecoissues.figures import totals
from ecoissues.figures.known import Known
from ecoissues.figures.postings import COLUMNS, values_of
from ecoissues.figures.sums import rebuild
from ecoissues.storage import tables as t
from ecoissues.storage.crew import cores
from ecoissues.storage.engine import Store

LIMIT_MS = 50.0
#: Positions kept for one day, so that processes need not agree on them.
A_DAY = 2**20
#: Columns of a posting before its accounts.
KEYED = len(COLUMNS) - len(ACCOUNTS)
TABLES = ("postings", "day_sums", "checkpoints")


def text_of(values: tuple[Any, ...]) -> str:
    """Write values as COPY takes them, with the tab after them."""
    return "\t".join(map(str, values)) + "\t"


@lru_cache
def accounts_of(vector: tuple[int, ...]) -> str:
    """Write the accounts of a posting, the last of its line; there are few different ones."""
    return "\t".join(map(str, vector)) + "\n"


def copy_in(url: str, cases: int, part: int, parts: int) -> int:
    """Draw every ``parts``-th case from ``part`` on and copy its postings; gives their number."""
    columns = ", ".join(t.postings.c[name].name for name in COLUMNS)
    share = len(range(part, cases, parts))
    drawn, rows, tree = random.Random(part), 0, scale.units()
    place = make_url(url)
    host = str(place.query["host"])
    with (
        psycopg.connect(host=host, user=place.username, dbname=place.database) as to,
        to.cursor().copy(f"COPY postings ({columns}) FROM STDIN") as copy,
    ):
        for day, entries in scale.by_day(drawn, tree, share, part + 1, parts):
            pos = (day - scale.FIRST).days * A_DAY + part
            lines = []
            for case_id, changes in entries:
                pos += parts
                lines += values_of(case_id, pos, day, changes)
            copy.write("".join(text_of(line[:KEYED]) + accounts_of(line[KEYED:]) for line in lines))
            rows += len(lines)
    return rows


def fill(store: Store, url: str, cases: int) -> int:
    """Fill the database; gives the number of postings."""
    scale.found(store)
    with store.writing() as connection:
        for index in t.postings.indexes:
            index.drop(connection)
    parts = cores()
    with ProcessPoolExecutor(parts, get_context("spawn")) as pool:
        jobs = [pool.submit(copy_in, url, cases, part, parts) for part in range(parts)]
        rows = sum(job.result() for job in jobs)
    with store.writing() as connection:
        for index in sorted(t.postings.indexes, key=lambda one: str(one.name)):
            index.create(connection)
        newest = (scale.LAST - scale.FIRST).days + 1
        connection.execute(update(t.head).values(pos=newest * A_DAY))
    return rows


def vacuumed(store: Store) -> None:
    """Let the server count its rows, as it does by itself within a minute or so."""
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def plan_of(connection: Connection, known: Known) -> str:
    """Give the plan of the statement a board by district is read with."""
    before = "now" if known.pos is None else "earlier"
    text, constants, names = totals._compiled(
        connection.dialect, ("district", ACCOUNTS, before, False)
    )
    values = {**constants, **totals.place_values(1, scale.AS_OF, known)}
    bound: Any = values if names is None else tuple(values[name] for name in names)
    rows = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, TIMING OFF) {text}", bound)
    return "\n".join(row[0] for row in rows)


def read_whole(plan: str) -> list[str]:
    """Name the tables of figures that a plan reads from end to end."""
    return [table for table in TABLES if re.search(rf"Seq Scan on {table}\b", plan)]


def indexes_of(plan: str) -> str:
    """Name the indexes a plan goes by."""
    found = re.findall(r"Index (?:Only )?Scan (?:Backward )?(?:using|on) (\w+)", plan)
    return ", ".join(sorted(set(found)))


def _often(call: Callable[[], Any]) -> Callable[[int], object]:
    return lambda _number: call()


def measure(options: Options) -> Iterator[Line]:
    """Part m."""
    cases = options.size(6_300_000, 63_000)
    with throwaway.server() as server, server.fresh() as url:
        store = Store(url)
        began = time.perf_counter()
        rows = fill(store, url, cases)
        filled = time.perf_counter()
        rebuild(store)
        summed = time.perf_counter()
        vacuumed(store)
        early = scale.AS_OF + timedelta(2)
        known = Known(((early - scale.FIRST).days + 1) * A_DAY, None, early)
        with store.reading() as connection:
            calls = scale.variants(connection, known.limit)
            variants = {name: _often(call) for name, call in calls.items()}
            in_turn(variants, 2)
            medians = in_turn(variants, 30)
            plans = [plan_of(connection, one) for one in (Known(), known)]
        store.close()
    raw = medians["raw query of the board"]
    yield Line(
        f"board of a past day, {cases:,} cases, in the database", raw, limit=LIMIT_MS, absolute=True,
        note=f"{rows:,} postings, drawn in {filled - began:.0f} s, sums built in"
        f" {summed - filled:.0f} s",
    )  # fmt: skip
    for name, median in medians.items():
        if name != "raw query of the board":
            yield Line(f"{name}", median, raw)
    for when, plan in zip(("now", "known earlier"), plans, strict=True):
        took = re.search(r"Execution Time: ([\d.]+) ms", plan)
        yield Line(
            f"tables read whole, {when}", float(len(read_whole(plan))), unit="tables", limit=0,
            absolute=True,
            note=f"execution {took[1] if took else '?'} ms; by {indexes_of(plan)}",
        )  # fmt: skip
