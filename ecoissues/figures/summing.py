"""The day sums of half a month of a list, counted from its postings.

Postings hold few accounts that are not 0, so they are added up here, one after the other; sorted
and summed by the database, column by column, they took four times as long. Several processes do
it side by side, half a month each (``storage.crew``).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, select

from ecoissues.core.accounts import ACCOUNTS
from ecoissues.storage import tables as t
from ecoissues.storage.prepared import Prepared

#: Days whose postings are held in memory at a time.
_SLICE: Final = 8
_WIDTH: Final = len(ACCOUNTS)
_KEYED: Final = ("day", "top_id", "top_share", "unit_id", "unit_share", "type", "cohort")
#: A row of day sums but for its generation and list: cube, day, key, share, the accounts.
SumRow = tuple[Any, ...]

_P: Final = t.postings
_POSTINGS: Final = Prepared(
    select(*(_P.c[name] for name in _KEYED), *(_P.c[f"a_{name}"] for name in ACCOUNTS)).where(
        _P.c.list_id == bindparam("list_id"),
        _P.c.day >= bindparam("begins"),
        _P.c.day < bindparam("ends"),
        _P.c.pos + 0 <= bindparam("upto"),
    )
)


class Half(msgspec.Struct, frozen=True):
    """What is summed at a time: the days [begins, ends) of a list, postings up to a position.

    ``number`` orders the halves of a rebuild; ``closed``: a checkpoint stands at its end.
    """

    number: int
    list_id: int
    begins: int
    ends: int
    upto: int
    closed: bool


def sum_half(connection: Connection, _given: object, half: Half) -> tuple[Half, list[SumRow]]:
    """Give the day sums of all cubes of half a month (a job for ``shared_out``)."""
    rows: list[SumRow] = []
    # Days ahead of the last half are many and nearly empty: one slice.
    step = _SLICE if half.closed else half.ends - half.begins
    for begins in range(half.begins, half.ends, step):
        values = {
            "list_id": half.list_id, "begins": begins, "upto": half.upto,
            "ends": min(begins + step, half.ends),
        }  # fmt: skip
        rows += _summed(_POSTINGS.run(connection, values))
    return half, rows


def _summed(postings: list[tuple[Any, ...]]) -> list[SumRow]:
    cubes: dict[str, dict[tuple[int, Any, int], list[int]]] = {
        "district": {}, "unit": {}, "type": {}, "cohort": {}
    }  # fmt: skip
    district, unit, kind, cohort = cubes.values()
    for day, top_id, top_share, unit_id, unit_share, type_, month, *vector in postings:
        change = [(place, value) for place, value in enumerate(vector) if value]
        for sums, key in (
            (district, (day, top_id, top_share)), (unit, (day, unit_id, unit_share)),
            (kind, (day, type_, 0)), (cohort, (day, month, 0)),
        ):  # fmt: skip
            held = sums.get(key)
            if held is None:
                held = sums[key] = [0] * _WIDTH
            for place, value in change:
                held[place] += value
    return [
        (cube, day, str(key), share, *vector)
        for cube, sums in cubes.items()
        for (day, key, share), vector in sorted(sums.items(), key=_place)
        if any(vector)
    ]


def _place(found: tuple[tuple[int, Any, int], list[int]]) -> tuple[int, str, int]:
    day, key, share = found[0]
    return day, str(key), share
