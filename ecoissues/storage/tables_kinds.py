"""The table of kind versions in use (see ``kind_versions``)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import CheckConstraint, Column, Integer, String, Table, Text

from ecoissues.storage.columns import Instant, metadata

kind_versions: Final = Table(
    "kind_versions",
    metadata,
    Column("code", String(40), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("document", Text, nullable=False, comment="the kind as it acts, JSON"),
    Column("file", String(200), nullable=False, server_default="", comment="of the site's own folder"),
    Column("pinned_at", Instant, nullable=False),
    CheckConstraint("length(digest) = 64", name="digest"),
)
