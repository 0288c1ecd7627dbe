"""Deadlines: the daily scan of 100,000 open cases, and the proof of one deadline."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bench.measuring import Line, Options, clock
from ecoissues.core.calendar_documents import gather_calendars
from ecoissues.core.clock_rules import Rule
from ecoissues.core.deadlines import due_date
from ecoissues.core.proofs import check_proof, explain
from ecoissues.demo.loading import load
from ecoissues.services import reminding, starting
from ecoissues.services.site import Site
from ecoissues.storage import tables as t

#: Days on which the clocks of the copies are due, from today: a third late, a third near.
_SPREAD = range(-40, 20)


def measure(options: Options) -> Iterator[Line]:
    """Yield the lines of the part."""
    yield from _proofs()
    count = options.size(100_000, 10_000)
    site = _site(options.folder / "site", count)
    try:
        took = clock(lambda: reminding.scan(site))
        again = clock(lambda: reminding.scan(site))
    finally:
        site.close()
    limit = 10_000.0
    yield Line(f"scan of {count:,} open cases", took, limit=limit, absolute=True)
    yield Line("the same day again", again)


def _proofs() -> Iterator[Line]:
    calendars, rule = gather_calendars(), Rule(60, "workdays")
    days = [date(2024, 1, 1) + timedelta(at) for at in range(500)]
    deadlines = [due_date(rule, day, calendars) for day in days]  # the years are unfolded by now
    counted = clock(lambda: [due_date(rule, day, calendars) for day in days]) / len(days)
    checked = clock(lambda: [(check_proof(d.proof), explain(d.proof)) for d in deadlines])
    yield Line("count one deadline of 60 workdays", counted, limit=5.0, absolute=True)
    yield Line(
        "check its proof and unfold it", checked / len(days), limit=5.0, absolute=True
    )


def _site(folder: Path, count: int) -> Site:
    """Give a site with ``count`` open cases: rows as the gate leaves them, without their logs, which
    the scan does not read."""
    from tests.demo.small_document import small_document

    site = starting.open_site(folder)
    starting.upgrade(site)
    load(site, document=small_document())
    with site.store.reading() as connection:
        query = select(t.cases).where(t.cases.c.phase == "open").limit(1)
        model = dict(connection.execute(query).mappings().one())
    rows = [_row(model, at, site.today()) for at in range(count)]
    names = list(rows[0])
    statement = (
        f"INSERT INTO cases ({', '.join(names)})"
        f" VALUES ({', '.join('?' * len(names))})"
    )
    # Beside the store: its foreign keys would ask each row for a log.
    with closing(sqlite3.connect(folder / "ecoissues.db")) as raw, raw:
        raw.executemany(statement, [list(row.values()) for row in rows])
    return site


def _row(model: dict[str, Any], at: int, today: date) -> dict[str, Any]:
    due = (today + timedelta(_SPREAD[at % len(_SPREAD)])).isoformat()
    running = f'[{{"clock":"finish","due":"{due}","slot":"finish"}}]'
    named = {name: value for name, value in model.items() if name != "id"}
    return {**named, "number": f"S{at}", "version": 0, "state": "", "running": running,
            "reminded_on": due, "due_finish": due, "due_on": due}  # fmt: skip
