"""Tables of calendars, proposals and reminders: what is derived from cases or told to people.

None of them moves a case. ``calendars`` keeps every version ever loaded, since proofs name them;
``scans`` and ``reminders`` make a reminder go out once, whoever scans and however often.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from ecoissues.storage.columns import Day, Instant, Key, metadata

calendars: Final = Table(
    "calendars",
    metadata,
    Column("year", Integer, nullable=False),
    Column("region", String(20), nullable=False, server_default=""),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False, comment="the TOML text as it was loaded"),
    Column("loaded_at", Instant, nullable=False),
    Column("loaded_by", String(40), nullable=False),
    PrimaryKeyConstraint("year", "region", "version"),
)

proposals: Final = Table(
    "proposals",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("clock", String(40), primary_key=True),
    Column("due_on", Day, nullable=False, comment="the day in force"),
    Column("new_due", Day, nullable=False),
    Column("provisional", Boolean, nullable=False, comment="whether the new day is"),
    Column("because", String(12), nullable=False),
    Column("made_at", Instant, nullable=False),
    CheckConstraint("because IN ('calendar', 'rule')", name="because"),
)

scans: Final = Table(
    "scans",
    metadata,
    Column("day", Day, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("reminders", Integer, nullable=False, server_default="0"),
    Column("messages", Integer, nullable=False, server_default="0"),
)

reminders: Final = Table(
    "reminders",
    metadata,
    Column("rule", String(24), nullable=False, comment="soon, urgent, chase-3 …"),
    Column("case_id", Key, ForeignKey("cases.id"), nullable=False),
    Column("clock", String(40), nullable=False),
    Column("due_on", Day, nullable=False),
    Column("day", Day, ForeignKey("scans.day"), nullable=False, comment="the scan that found it"),
    PrimaryKeyConstraint("rule", "case_id", "clock", "due_on"),
    Index("ix_reminders_case_id", "case_id"),
)

outbox: Final = Table(
    "outbox",
    metadata,
    Column("id", Key, primary_key=True),
    Column("channel", String(12), nullable=False),
    Column("recipient", String(80), nullable=False, comment="sign-in name, or name of the group"),
    Column("day", Day, nullable=False),
    Column("subject", String(120), nullable=False),
    Column("body", Text, nullable=False),
    Column("items", Text, nullable=False, server_default="[]", comment="case ids with what is said"),
    Column("made_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", Instant, nullable=False, comment="not to be tried before"),
    Column("error", String(200), nullable=False, server_default=""),
    UniqueConstraint("channel", "recipient", "day"),
    CheckConstraint("channel IN ('desk', 'mail', 'group')", name="channel"),
    Index("ix_outbox_sent_at_next_at", "sent_at", "next_at"),
)

contacts: Final = Table(
    "contacts",
    metadata,
    Column("user_id", Key, ForeignKey("users.id"), primary_key=True),
    Column("mail", String(200), nullable=False),
)
