"""Tables of what is published and of what the office itself enters for it.

Editions, schemes, score entries and indicator values are for good: triggers refuse to change or
remove them (``FROZEN``). A bulletin's draft is the only thing here that is edited.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from ecoissues.core.vocabulary import EDITION_SORTS
from ecoissues.storage.columns import Day, Instant, Key, metadata

_SORTS: Final = ", ".join(repr(sort) for sort in EDITION_SORTS)

editions: Final = Table(
    "editions",
    metadata,
    Column("id", Key, primary_key=True),
    Column("code", String(12), nullable=False, unique=True, comment="printed on paper"),
    Column("sort", String(12), nullable=False),
    Column("title", String(160), nullable=False),
    Column("list_id", Key, ForeignKey("lists.id"), comment="none: not about one list"),
    Column("scope_path", String(200), nullable=False, comment="the units it speaks of"),
    Column("as_of", Day, nullable=False),
    Column("known_pos", Key, nullable=False),
    Column("known_at", Instant, nullable=False),
    Column("published_by", String(40), nullable=False),
    Column("published_unit", String(32), nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("content", Text, nullable=False, comment="canonical JSON: everything printed"),
    Column("digest", String(64), nullable=False, unique=True),
    Column("previous", String(64), nullable=False, unique=True, comment="digest of the one before"),
    CheckConstraint(f"sort IN ({_SORTS})", name="sort"),
    CheckConstraint("length(digest) = 64 AND length(previous) IN (0, 64)", name="digests"),
    Index("ix_editions_list_id", "list_id", "id"),
)

bulletins: Final = Table(
    "bulletins",
    metadata,
    Column("id", Key, primary_key=True),
    Column("template", String(40), nullable=False),
    Column("list_id", Key, ForeignKey("lists.id"), nullable=False),
    Column("unit", String(32), nullable=False, server_default="", comment="code of the cut's unit"),
    Column("unit_path", String(200), nullable=False, comment="office that writes it"),
    Column("begins_on", Day, nullable=False),
    Column("as_of", Day, nullable=False),
    Column("known_pos", Key, nullable=False, comment="the draft's numbers stand on it"),
    Column("text", Text, nullable=False, comment="JSON: title, number, sections with fields"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("changed_by", String(40), nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("edition_id", Key, ForeignKey("editions.id"), comment="set once: published"),
)

score_schemes: Final = Table(
    "score_schemes",
    metadata,
    Column("id", Key, primary_key=True),
    Column("code", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("title", String(120), nullable=False),
    Column("unit_path", String(200), nullable=False, comment="units below it are ranked"),
    Column("document", Text, nullable=False, comment="JSON: criteria, bands, minimum"),
    Column("entered_by", String(40), nullable=False),
    Column("entered_at", Instant, nullable=False),
    UniqueConstraint("code", "version"),
)

score_entries: Final = Table(
    "score_entries",
    metadata,
    Column("id", Key, primary_key=True),
    Column("scheme", String(40), nullable=False, comment="code of the scheme, any version"),
    Column("period", String(7), nullable=False, comment="2026-09 or 2026-Q3"),
    Column("unit_id", Key, ForeignKey("units.id"), nullable=False),
    Column("hundredths", Integer, nullable=False, comment="points times 100, with their sign"),
    Column("sort", String(12), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("cancels_id", Key, ForeignKey("score_entries.id"), unique=True),
    Column("entered_by", String(40), nullable=False),
    Column("entered_at", Instant, nullable=False),
    CheckConstraint("hundredths <> 0", name="hundredths"),
    CheckConstraint("sort IN ('bonus', 'deduction')", name="sort"),
    Index("ix_score_entries_scheme", "scheme", "period"),
)

indicators: Final = Table(
    "indicators",
    metadata,
    Column("id", Key, primary_key=True),
    Column("code", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("year", Integer, nullable=False),
    Column("unit_path", String(200), nullable=False, comment="the sheet it stands on"),
    Column("document", Text, nullable=False, comment="JSON: name, measure, target, owner …"),
    Column("entered_by", String(40), nullable=False),
    Column("entered_at", Instant, nullable=False),
    UniqueConstraint("code", "year", "version"),
)

indicator_values: Final = Table(
    "indicator_values",
    metadata,
    Column("id", Key, primary_key=True),
    Column("indicator", String(40), nullable=False, comment="code"),
    Column("month", String(7), nullable=False, comment="2026-09"),
    Column("unit_id", Key, ForeignKey("units.id"), nullable=False),
    Column("value", String(24), nullable=False, comment="exact decimal; empty: taken back"),
    Column("note", String(200), nullable=False, server_default=""),
    Column("origin", String(12), nullable=False),
    Column("entered_by", String(40), nullable=False),
    Column("entered_at", Instant, nullable=False),
    CheckConstraint("origin IN ('entered', 'imported')", name="origin"),
    Index("ix_indicator_values_indicator", "indicator", "month", "unit_id", "id"),
)

#: Tables whose rows are for good, with what makes a row the same one (REPLACE would remove it).
FROZEN: Final[dict[str, tuple[str, ...]]] = {
    "editions": ("code", "digest", "previous"),
    "score_schemes": (),
    "score_entries": (),
    "indicators": (),
    "indicator_values": (),
}
