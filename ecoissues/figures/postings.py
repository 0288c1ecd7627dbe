"""Writing postings: the changes of one event's case, added to the ledger and never altered.

Insert-only on purpose: sums that every step updated deadlocked PostgreSQL at a few steps a second,
insert-only ran three orders of magnitude faster (design 5). Sums catch up later (``sums``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection

from ecoissues.core.accounts import ACCOUNTS
from ecoissues.figures.standing import Key, Vector
from ecoissues.storage import tables as t
from ecoissues.storage.bulk import insert_rows

#: The columns that hold ``standing.Key``, in its order.
KEY_COLUMNS: Final = (
    "day", "list_id", "unit_id", "top_id", "unit_share", "top_share", "type", "cohort",
)  # fmt: skip
#: The columns of a posting in the order of its values.
COLUMNS: Final = (
    "pos", "case_id", *KEY_COLUMNS, "late", *(f"a_{name}" for name in ACCOUNTS),
)  # fmt: skip


def month_start(day: date) -> int:
    """Give the ordinal of the first day of a day's month."""
    return day.toordinal() - day.day + 1


def values_of(
    case_id: int, pos: int, recorded_on: date, rows: Iterable[tuple[Key, Vector]]
) -> list[tuple[Any, ...]]:
    """Give the changes of one event as values for ``insert_values``.

    In: the case, the log position of the event, the day (Asia/Shanghai) it was recorded, and
    ``standing.difference``. A row is *late* when it was recorded in a later month than its own.
    """
    begins = month_start(recorded_on)
    return [
        (pos, case_id, *key, 1 if key[0] < begins else 0, *vector) for key, vector in rows
    ]


def insert_values(connection: Connection, values: Sequence[tuple[Any, ...]]) -> None:
    """Insert postings, all in one round."""
    insert_rows(connection, t.postings, COLUMNS, values)


def post(
    connection: Connection,
    case_id: int,
    pos: int,
    recorded_on: date,
    rows: Iterable[tuple[Key, Vector]],
) -> None:
    """Post what one event changed in its case, in the transaction of that event."""
    insert_values(connection, values_of(case_id, pos, recorded_on, rows))
