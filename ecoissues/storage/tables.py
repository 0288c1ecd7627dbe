"""The tables, with the CHECKs that state the law. Triggers stand in ``triggers``.

Days are ISO texts (YYYY-MM-DD) and instants ISO texts in UTC with microseconds: they sort, they
read the same in both engines and in the digest of an event. Postings keep days as ordinals.
"""

# size: the tables of the log and of what follows from it, read side by side

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from ecoissues.core.accounts import ACCOUNTS
from ecoissues.core.vocabulary import JOINT_COUNTINGS, LEVELS, PARTIES, PHASES, ROLES, UNIT_KINDS

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


def _one_of(column: str, values: Iterable[str]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


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
    CheckConstraint(_one_of("kind", UNIT_KINDS), name="kind"),
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
    CheckConstraint(_one_of("role", ROLES), name="role"),
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
    CheckConstraint(_one_of("level", LEVELS), name="level"),
    CheckConstraint(_one_of("joint_counting", JOINT_COUNTINGS), name="joint_counting"),
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
    CheckConstraint(_one_of("phase", PHASES), name="phase"),
    CheckConstraint("version >= 0 AND (version = 0) = (state = '')", name="standing"),
    CheckConstraint("merged_into_id IS NULL OR merged_into_id <> id", name="merged_into_itself"),
    Index("ix_cases_list_id_phase_due_on", "list_id", "phase", "due_on", "id"),
    Index("ix_cases_list_id_due_on", "list_id", "due_on", "id"),
    Index("ix_cases_due_on", "due_on", "id"),
    Index("ix_cases_reminded_on", "reminded_on"),
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
    CheckConstraint(_one_of("phase", PHASES), name="phase"),
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

reference: Final = Table(
    "reference",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", Key, nullable=False, comment="moved by triggers on units, lists, settings"),
    CheckConstraint("id = 1", name="single"),
)

case_parties: Final = Table(
    "case_parties",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("unit_id", Key, ForeignKey("units.id"), primary_key=True),
    Column("party", String(12), nullable=False),
    CheckConstraint(_one_of("party", [*PARTIES, "accused"]), name="party"),
    Index("ix_case_parties_unit_id", "unit_id", "case_id", "party"),
)

case_placements: Final = Table(
    "case_placements",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("list_id", Key, ForeignKey("lists.id"), primary_key=True),
    Column("placed_on", Day, nullable=False),
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
    Index("ix_postings_list_id_pos", "list_id", "pos"),
    Index(
        "ix_postings_list_id_late",
        "list_id",
        "pos",
        sqlite_where=text("late = 1"),
        postgresql_where=text("late = 1"),
    ),
    Index("ix_postings_case_id", "case_id"),
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
        "month",
        Integer,
        primary_key=True,
        comment="ordinal of its first day; sums of all days before",
    ),
    Column("key", String(20), primary_key=True),
    Column("shared", SmallInteger, primary_key=True),
    *_accounts(),
)
