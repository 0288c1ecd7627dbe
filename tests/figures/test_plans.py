"""How the engines read a figure: by the keys of checkpoints and day sums and by the indexes of
postings, never a whole table. Small tables say nothing about that, so the plan itself is read."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from ecoissues.core.accounts import ACCOUNTS
from ecoissues.figures import totals
from ecoissues.figures.known import Known
from ecoissues.figures.sums import rebuild
from ecoissues.storage.engine import Store
from tests.figures.histories import play
from tests.figures.world import Book

DAY = date(2024, 1, 20)
BIG = ("checkpoints", "day_sums", "postings")


def plan_of(store: Store, shape: tuple[str, tuple[str, ...], str, bool]) -> str:
    """The plan of the statement that reads a board, as the engine tells it."""
    with store.reading() as connection:
        text, constants, names = totals._compiled(connection.dialect, shape)
        known = Known(5, None, DAY)
        values = {**constants, **totals.place_values(1, DAY, known), "month_end": 9}
        bound: Any = values if names is None else tuple(values[name] for name in names)
        if store.dialect == "postgresql":
            # Without this a table of ten rows is read whole, whatever stands beside it.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
            rows = connection.exec_driver_sql(f"EXPLAIN {text}", bound)
            return "\n".join(row[0] for row in rows)
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", bound)
        return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.parametrize("cube", ["district", "unit", "type", "cohort"])
@pytest.mark.parametrize("before", ["now", "earlier", "this_month"])
@pytest.mark.parametrize("by_share", [False, True])
def test_no_table_is_read_whole(store: Store, cube: str, before: str, by_share: bool) -> None:
    book = Book(store)
    play(book, [(1, 0, 0, 30, 5), (2, 0, 5, 20, 100), (1, 0, 3, 10, 700)])
    rebuild(store)
    plan = plan_of(store, (cube, ACCOUNTS, before, by_share))
    for table in BIG:
        if store.dialect == "postgresql":
            assert f"Seq Scan on {table}" not in plan, plan
        else:
            assert not re.search(rf"SCAN {table}\b", plan), plan
    if store.dialect == "postgresql":
        # Generation, cube, list and half month lead the key: the newest checkpoint alone is read.
        found = re.search(r"Index Scan using pk_checkpoints.*?Index Cond: \((.*)\)", plan, re.S)
        assert found, plan
        for column in ("generation", "cube", "list_id", "begins"):
            assert column in found[1].splitlines()[0], plan
        if before != "now":
            assert "ix_postings_list_id_late" in plan
    else:
        assert re.search(r"SEARCH checkpoints USING .*generation=\? AND cube=\? AND list_id=\?"
                         r" AND begins=\?", plan), plan  # fmt: skip
        if before != "now":
            # Not by luck: which of two like indexes SQLite prefers follows the order they were made.
            shape = (cube, ACCOUNTS, before, by_share)
            assert totals.LATE_INDEX in totals._compiled(store.engine.dialect, shape)[0]
            assert "ix_postings_list_id_late" in plan
