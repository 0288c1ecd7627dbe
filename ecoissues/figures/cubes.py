"""The declared cubes as SQL: which column of a posting is the key, and the sums of all accounts."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, String, cast, func, literal_column, select
from sqlalchemy.sql import FromClause

from ecoissues.core.accounts import ACCOUNTS
from ecoissues.storage import tables as t

#: Cube -> the column of ``postings`` its keys are taken from.
KEYS: Final[dict[str, ColumnElement[Any]]] = {
    "district": t.postings.c.top_id,
    "unit": t.postings.c.unit_id,
    "type": t.postings.c.type,
    "cohort": t.postings.c.cohort,
}

#: Cube -> the column of ``postings`` that tells how many share a case; 0 where none does.
SHARES: Final[dict[str, Any]] = {
    "district": t.postings.c.top_share,
    "unit": t.postings.c.unit_share,
    "type": literal_column("0"),
    "cohort": literal_column("0"),
}

CubeKey = int | str


def key_text(cube: str) -> ColumnElement[str]:
    """Give the key of a cube as the sums store it."""
    column = KEYS[cube]
    return column if cube == "type" else cast(column, String)


def key_value(cube: str, text: str) -> CubeKey:
    """Read a stored key: a type stays text, ids and cohorts are whole numbers."""
    return text if cube == "type" else int(text)


def account(source: FromClause, name: str) -> ColumnElement[int]:
    """Give the column of an account in postings, day sums or checkpoints."""
    return source.c[f"a_{name}"]


def summed(source: FromClause, names: tuple[str, ...] = ACCOUNTS) -> list[ColumnElement[Any]]:
    """Give SUM(account) for each account, named as its column."""
    return [func.sum(account(source, name)).label(f"a_{name}") for name in names]


def current(column: str) -> Any:
    """Give a column of the generation that readers use now (NULL when there is none)."""
    return select(t.generations.c[column]).where(t.generations.c.current).limit(1).scalar_subquery()
