"""Tables of the office itself: its units and people, its settings, its lists and what comes in for them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from ecoissues.core.vocabulary import JOINT_COUNTINGS, LEVELS, ROLES, UNIT_KINDS
from ecoissues.storage.columns import Day, Instant, Key, metadata, one_of

units: Final = Table(
    "units",
    metadata,
    Column("id", Key, primary_key=True),
    Column("code", String(32), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("short", String(40), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("parent_id", Key, ForeignKey("units.id")),
    Column("path", String(200), nullable=False, unique=True, comment="ids from the root: /1/5/12/"),
    Column("scope_path", String(200), nullable=False, comment="what its people may see"),
    Column("top_id", Key, nullable=False, comment="district or department it stands under"),
    Column("pinyin", String(200), nullable=False, server_default=""),
    Column("position", Integer, nullable=False, server_default="0"),
    Column("ended_on", Day),
    CheckConstraint(one_of("kind", UNIT_KINDS), name="kind"),
)

users: Final = Table(
    "users",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(40), nullable=False, unique=True, comment="sign-in name"),
    Column("display", String(40), nullable=False),
    Column("role", String(16), nullable=False),
    Column("unit_id", Key, ForeignKey("units.id"), nullable=False),
    Column("password", String(200), nullable=False),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("is_demo", Boolean, nullable=False, server_default=text("false")),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("locked_until", Instant),
    CheckConstraint(one_of("role", ROLES), name="role"),
)

login_sessions: Final = Table(
    "login_sessions",
    metadata,
    Column("token", String(64), primary_key=True, comment="sha256 of the secret in the cookie"),
    Column("user_id", Key, ForeignKey("users.id"), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Index("ix_login_sessions_user_id", "user_id"),
)

sign_in_addresses: Final = Table(
    "sign_in_addresses",
    metadata,
    Column("network", String(45), primary_key=True, comment="IPv4 address or IPv6 /64"),
    Column("failures", Integer, nullable=False),
    Column("since", Instant, nullable=False, comment="when the count began"),
)

settings: Final = Table(
    "settings",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("value", Text, nullable=False),
)

lists: Final = Table(
    "lists",
    metadata,
    Column("id", Key, primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("title", String(120), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("kind_version", Integer, nullable=False),
    Column("level", String(16), nullable=False),
    Column("unit_id", Key, ForeignKey("units.id"), nullable=False),
    Column("joint_counting", String(8), nullable=False, server_default="whole"),
    Column("legal_basis", Text, nullable=False, server_default=""),
    Column("is_demo", Boolean, nullable=False, server_default=text("false")),
    Column("note", Text, nullable=False, server_default=""),
    Column("position", Integer, nullable=False, server_default="0"),
    CheckConstraint(one_of("level", LEVELS), name="level"),
    CheckConstraint(one_of("joint_counting", JOINT_COUNTINGS), name="joint_counting"),
)

batches: Final = Table(
    "batches",
    metadata,
    Column("id", Key, primary_key=True),
    Column("list_id", Key, ForeignKey("lists.id"), nullable=False),
    Column("name", String(40), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("handed_over_on", Day),
    Column("results_due_on", Day),
    UniqueConstraint("list_id", "name"),
)

mappings: Final = Table(
    "mappings",
    metadata,
    Column("list_id", Key, ForeignKey("lists.id"), primary_key=True),
    Column("headers", String(64), primary_key=True, comment="digest of the sheet's header cells"),
    Column("mapping", Text, nullable=False),
)

uploads: Final = Table(
    "uploads",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("actor", String(40), nullable=False),
    Column("list_id", Key, ForeignKey("lists.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("at", Instant, nullable=False),
)


reference: Final = Table(
    "reference",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", Key, nullable=False, comment="moved by triggers on units, lists, settings"),
    CheckConstraint("id = 1", name="single"),
)
