"""The record of what administrators and supervisors change beside the cases: for good, like the log."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, String, Table, Text

from ecoissues.storage.tables import Instant, Key, metadata

admin_changes: Final = Table(
    "admin_changes",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(40), nullable=False),
    Column("sort", String(32), nullable=False, comment="a key of vocabulary.ADMIN_CHANGES"),
    Column("target", String(80), nullable=False, comment="account, list, calendar … by its code"),
    Column("path", String(200), nullable=False, server_default="",
           comment="path of the unit it concerns; empty: the whole site"),
    Column("before", Text, nullable=False, server_default="{}", comment="what changed, as it was"),
    Column("after", Text, nullable=False, server_default="{}"),
    Column("reason", String(500), nullable=False, server_default=""),
    Index("ix_admin_changes_sort", "sort", "id"),
)  # fmt: skip
