"""What every table is made of: the metadata they stand in, their keys, days and instants.

Days are ISO texts (YYYY-MM-DD) and instants ISO texts in UTC with microseconds: they sort, they
read the same in both engines and in the digest of an event. Postings keep days as ordinals.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import BigInteger, Integer, MetaData, String

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: 64-bit keys; SQLite needs the word INTEGER to make its row id the key.
Key = BigInteger().with_variant(Integer, "sqlite")
Day = String(10)
Instant = String(27)


def one_of(column: str, values: Iterable[str]) -> str:
    """Give the condition of a CHECK: the column holds one of the words."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
