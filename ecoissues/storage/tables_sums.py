"""Tables of figures: postings, one per change of a case, and the sums made of them.

Everything here can be made anew from the log. Days are ordinals.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    text,
)

from ecoissues.core.accounts import ACCOUNTS
from ecoissues.storage.columns import Instant, Key, metadata


def _accounts() -> list[Column[int]]:
    return [
        Column(name, Integer, nullable=False, server_default="0", key=f"a_{name}")
        for name in ACCOUNTS
    ]


postings: Final = Table(
    "postings",
    metadata,
    Column("id", Key, primary_key=True),
    Column("pos", Key, nullable=False),
    Column("case_id", Key, nullable=False),
    Column("day", Integer, nullable=False, comment="ordinal of the effective day"),
    Column("list_id", Key, nullable=False),
    Column("unit_id", Key, nullable=False, comment="negative on the overlap row of a node"),
    Column("top_id", Key, nullable=False),
    Column(
        "unit_share", SmallInteger, nullable=False, server_default="0",
        comment="units that handle the case, negative where another one leads",
    ),
    Column(
        "top_share", SmallInteger, nullable=False, server_default="0",
        comment="districts and departments that handle it, negative where another one leads",
    ),
    Column("type", String(16), nullable=False, comment="empty on the overlap row"),
    Column("cohort", Integer, nullable=False, comment="YYYYMM of the registration"),
    Column("late", SmallInteger, nullable=False, comment="1: recorded in a later month"),
    *_accounts(),
    Index("ix_postings_list_id_day", "list_id", "day"),
    # With the day, so that what was recorded after a position is narrowed without its rows.
    Index("ix_postings_list_id_pos", "list_id", "pos", "day"),
    Index(
        "ix_postings_list_id_late",
        "list_id",
        "pos",
        "day",
        sqlite_where=text("late = 1"),
        postgresql_where=text("late = 1"),
    ),
    Index("ix_postings_case_id", "case_id"),
)

generations: Final = Table(
    "generations",
    metadata,
    Column("id", Key, primary_key=True),
    Column("upto_pos", Key, nullable=False),
    Column("current", Boolean, nullable=False, server_default=text("false")),
    Column("made_at", Instant, nullable=False),
)

#: The declared cubes: every other cut goes through the postings of its cases.
CUBES: Final = ("district", "unit", "type", "cohort")

day_sums: Final = Table(
    "day_sums",
    metadata,
    Column("generation", Key, primary_key=True),
    Column("cube", String(8), primary_key=True),
    Column("list_id", Key, primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("key", String(20), primary_key=True, comment="top id, unit id, type or cohort as text"),
    Column("shared", SmallInteger, primary_key=True, comment="the share of a unit or top, else 0"),
    *_accounts(),
)

checkpoints: Final = Table(
    "checkpoints",
    metadata,
    Column("generation", Key, primary_key=True),
    Column("cube", String(8), primary_key=True),
    Column("list_id", Key, primary_key=True),
    Column(
        "begins",
        Integer,
        primary_key=True,
        comment="ordinal of the first day of a half month; sums of all days before",
    ),
    Column("key", String(20), primary_key=True),
    Column("shared", SmallInteger, primary_key=True),
    *_accounts(),
)
