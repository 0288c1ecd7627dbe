"""The tables, with the CHECKs that state the law. Triggers stand in ``triggers``.

Here: cases, their log, and what hangs on a case. The office and the sums have files of their own,
and stand behind the same door.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from ecoissues.core.vocabulary import PARTIES, PHASES
from ecoissues.storage.columns import Day, Instant, Key, metadata, one_of
from ecoissues.storage.tables_office import (
    batches,
    lists,
    login_sessions,
    mappings,
    reference,
    settings,
    sign_in_addresses,
    units,
    uploads,
    users,
)
from ecoissues.storage.tables_sums import CUBES, checkpoints, day_sums, generations, postings

#: The one door to the tables: ``from ecoissues.storage import tables as t``.
__all__ = [
    "CUBES",
    "Day",
    "Instant",
    "Key",
    "batches",
    "case_parties",
    "case_placements",
    "cases",
    "checkpoints",
    "complainants",
    "day_sums",
    "doubts",
    "events",
    "evidence",
    "generations",
    "head",
    "lists",
    "login_sessions",
    "mappings",
    "metadata",
    "pending",
    "postings",
    "reference",
    "repeats",
    "reveals",
    "settings",
    "sign_in_addresses",
    "units",
    "uploads",
    "users",
]

cases: Final = Table(
    "cases",
    metadata,
    # Named outright: its foreign key to the log would switch the counter off.
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("list_id", Key, ForeignKey("lists.id"), nullable=False),
    Column("number", String(64), nullable=False),
    Column("part", SmallInteger, nullable=False, server_default="0"),
    Column("kind", String(40), nullable=False),
    Column("kind_version", Integer, nullable=False),
    Column("batch_id", Key, ForeignKey("batches.id")),
    # The law: these two are moved by the insert of an event only (see triggers).
    Column("version", Integer, nullable=False, server_default="0"),
    Column("state", String(32), nullable=False, server_default=""),
    # Projections of the events for lists and searches; ``verify`` recomputes them.
    Column("phase", String(16), nullable=False, server_default="open"),
    Column("registered_on", Day, nullable=False),
    Column("received_on", Day),
    Column("unit_id", Key, ForeignKey("units.id"), nullable=False, comment="lead unit"),
    Column("top_id", Key, nullable=False),
    Column("primary_type", String(16), nullable=False, server_default="other"),
    Column("types", String(120), nullable=False, server_default="", comment=",water,air,"),
    Column("weight", String(8), nullable=False, server_default="normal"),
    Column("channel", String(16), nullable=False, server_default=""),
    Column("title", String(120), nullable=False, server_default=""),
    Column("content", Text, nullable=False, server_default=""),
    Column("site", String(120), nullable=False, server_default=""),
    Column("verdict", String(16), nullable=False, server_default=""),
    Column("progress", String(16), nullable=False, server_default=""),
    Column("visibility", String(16), nullable=False, server_default="public"),
    Column("signed_on", Day),
    Column("reported_on", Day),
    Column("replied_on", Day),
    Column("closed_on", Day),
    Column("promised_on", Day),
    Column("due_report", Day, comment="current due day while the clock runs unmet"),
    Column("due_finish", Day),
    Column("due_on", Day, comment="the nearest running due day"),
    Column("due_at", Instant, comment="of the nearest running clock in hours or minutes"),
    Column("running", Text, nullable=False, server_default="[]", comment="every running clock"),
    Column("reminded_on", Day, comment="the nearest due day of any running clock, inner ones too"),
    Column("provisional", Boolean, nullable=False, server_default=text("false")),
    Column("finish_original", Day, comment="of the first finish clock, met or not"),
    Column("finish_current", Day),
    Column("waits_for", String(16), nullable=False, server_default=""),
    Column("came_back", Boolean, nullable=False, server_default=text("false")),
    Column("moved_on", Day, nullable=False, comment="effective day of the last step"),
    Column("merged_into_id", Key, ForeignKey("cases.id")),
    Column("parent_id", Key, ForeignKey("cases.id")),
    Column("facts", Text, nullable=False, server_default="{}", comment="current field values"),
    Column("is_demo", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("list_id", "number", "part"),
    ForeignKeyConstraint(
        ["id", "version", "state"],
        ["events.case_id", "events.seq", "events.to_state"],
        name="fk_cases_standing_events",
        deferrable=True,
        initially="DEFERRED",
        use_alter=True,
    ),
    CheckConstraint(one_of("phase", PHASES), name="phase"),
    CheckConstraint("version >= 0 AND (version = 0) = (state = '')", name="standing"),
    CheckConstraint("merged_into_id IS NULL OR merged_into_id <> id", name="merged_into_itself"),
    Index("ix_cases_list_id_phase_due_on", "list_id", "phase", "due_on", "id"),
    Index("ix_cases_list_id_due_on", "list_id", "due_on", "id"),
    Index("ix_cases_due_on", "due_on", "id"),
    Index("ix_cases_reminded_on", "reminded_on"),
    Index(
        "ix_cases_due_at",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index(
        "ix_cases_provisional",
        "provisional",
        sqlite_where=text("provisional"),
        postgresql_where=text("provisional"),
    ),
    Index("ix_cases_phase_waits_for", "phase", "waits_for"),
    Index("ix_cases_batch_id", "batch_id"),
    Index("ix_cases_merged_into_id", "merged_into_id"),
)

events: Final = Table(
    "events",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("pos", Key, nullable=False, unique=True, comment="gap-free place in the whole log"),
    Column("prev_seq", Integer),
    Column("step", String(40), nullable=False),
    Column("from_state", String(32), nullable=False),
    Column("to_state", String(32), nullable=False),
    Column("phase", String(16), nullable=False),
    Column("actor", String(40), nullable=False),
    Column("role", String(16), nullable=False),
    Column("unit", String(32), nullable=False, comment="code of the actor's unit"),
    Column("effective_on", Day, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("channel", String(12), nullable=False),
    Column("facts", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    PrimaryKeyConstraint("case_id", "seq"),
    UniqueConstraint("case_id", "seq", "to_state"),
    ForeignKeyConstraint(
        ["case_id", "prev_seq", "from_state"],
        ["events.case_id", "events.seq", "events.to_state"],
        name="fk_events_previous_events",
        deferrable=True,
        initially="DEFERRED",
    ),
    CheckConstraint(
        "(seq = 1 AND prev_seq IS NULL AND from_state = '') OR (seq > 1 AND prev_seq = seq - 1)",
        name="chain",
    ),
    CheckConstraint("to_state <> ''", name="to_state"),
    CheckConstraint(one_of("phase", PHASES), name="phase"),
    CheckConstraint("length(digest) = 64 AND length(previous) IN (0, 64)", name="digests"),
    Index("ix_events_recorded_at", "recorded_at"),
)

head: Final = Table(
    "head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("pos", Key, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("ordinary", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("id = 1", name="single"),
)

case_parties: Final = Table(
    "case_parties",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("unit_id", Key, ForeignKey("units.id"), primary_key=True),
    Column("party", String(12), nullable=False),
    CheckConstraint(one_of("party", [*PARTIES, "accused"]), name="party"),
    Index("ix_case_parties_unit_id", "unit_id", "case_id", "party"),
)

case_placements: Final = Table(
    "case_placements",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("list_id", Key, ForeignKey("lists.id"), primary_key=True),
    Column("placed_on", Day, nullable=False),
    # Its own standing on that list, where its kind gives placements one; empty otherwise.
    Column("state", String(32), nullable=False, server_default=""),
    Column("phase", String(16), nullable=False, server_default=""),
    Column("moved_on", Day),
    Column("closed_on", Day),
    CheckConstraint(
        one_of("phase", ["", *(phase for phase in PHASES if phase != "void")]), name="phase"
    ),
    Index("ix_case_placements_list_id", "list_id", "case_id"),
)

pending: Final = Table(
    "pending",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, comment="the event that asks"),
    Column("sort", String(16), nullable=False, comment="extension, correction, instruction"),
    Column("asked_on", Day, nullable=False),
)

evidence: Final = Table(
    "evidence",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("cases.id"), nullable=False),
    Column("seq", Integer, nullable=False, comment="the event that brought it"),
    Column("sha256", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("stage", String(12), nullable=False),
    Column("media_type", String(80), nullable=False),
    Column("size", Integer, nullable=False),
    Index("ix_evidence_case_id", "case_id"),
)

complainants: Final = Table(
    "complainants",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False, comment="encrypted; never in log or exports"),
)

reveals: Final = Table(
    "reveals",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("cases.id"), nullable=False),
    Column("actor", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

repeats: Final = Table(
    "repeats",
    metadata,
    Column("key", String(80), primary_key=True, comment="actor and idempotency key"),
    Column("request", String(64), nullable=False, comment="digest of what was asked"),
    Column("answer", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

doubts: Final = Table(
    "doubts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("list_id", Key, ForeignKey("lists.id"), nullable=False),
    Column("sort", String(32), nullable=False),
    Column("subject", String(200), nullable=False, comment="a number, a month, a statement"),
    Column("case_id", Key, ForeignKey("cases.id")),
    Column("owner_id", Key, ForeignKey("units.id"), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("found_on", Day, nullable=False),
    Column("gone_on", Day),
    Column("note", Text, nullable=False, server_default=""),
    Column("settled_by", String(40), nullable=False, server_default=""),
    Column("settled_on", Day),
    UniqueConstraint("list_id", "sort", "subject"),
)
