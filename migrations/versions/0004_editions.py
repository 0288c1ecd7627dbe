"""editions

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, length: int, **more: object) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, **more)  # type: ignore[arg-type]


def _who() -> list[sa.Column[str]]:
    return [_text("entered_by", 40), _text("entered_at", 27)]


def upgrade() -> None:
    op.create_table(
        "editions",
        sa.Column("id", Key, nullable=False),
        _text("code", 12, comment="printed on paper"),
        _text("sort", 12),
        _text("title", 160),
        sa.Column("list_id", Key, nullable=True, comment="none: not about one list"),
        _text("scope_path", 200, comment="the units it speaks of"),
        _text("as_of", 10),
        sa.Column("known_pos", Key, nullable=False),
        _text("known_at", 27),
        _text("published_by", 40),
        _text("published_unit", 32),
        _text("published_at", 27),
        sa.Column("content", sa.Text(), nullable=False, comment="canonical JSON: everything printed"),
        _text("digest", 64),
        _text("previous", 64, comment="digest of the one before"),
        sa.CheckConstraint(
            "sort IN ('board', 'batch', 'bulletin', 'ranking', 'sheet')",
            name=op.f("ck_editions_sort"),
        ),
        sa.CheckConstraint(
            "length(digest) = 64 AND length(previous) IN (0, 64)", name=op.f("ck_editions_digests")
        ),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_editions_list_id_lists")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sa.UniqueConstraint("code", name=op.f("uq_editions_code")),
        sa.UniqueConstraint("digest", name=op.f("uq_editions_digest")),
        sa.UniqueConstraint("previous", name=op.f("uq_editions_previous")),
    )
    op.create_index("ix_editions_list_id", "editions", ["list_id", "id"])
    op.create_table(
        "bulletins",
        sa.Column("id", Key, nullable=False),
        _text("template", 40),
        sa.Column("list_id", Key, nullable=False),
        _text("unit", 32, server_default="", comment="code of the cut's unit"),
        _text("unit_path", 200, comment="office that writes it"),
        _text("begins_on", 10),
        _text("as_of", 10),
        sa.Column("known_pos", Key, nullable=False, comment="the draft's numbers stand on it"),
        sa.Column("text", sa.Text(), nullable=False, comment="JSON: title, number, sections with fields"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _text("changed_by", 40),
        _text("changed_at", 27),
        sa.Column("edition_id", Key, nullable=True, comment="set once: published"),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_bulletins_edition_id_editions")
        ),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_bulletins_list_id_lists")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulletins")),
    )
    op.create_table(
        "score_schemes",
        sa.Column("id", Key, nullable=False),
        _text("code", 40),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("title", 120),
        _text("unit_path", 200, comment="units below it are ranked"),
        sa.Column("document", sa.Text(), nullable=False, comment="JSON: criteria, bands, minimum"),
        *_who(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_schemes")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_score_schemes_code_version")),
    )
    op.create_table(
        "score_entries",
        sa.Column("id", Key, nullable=False),
        _text("scheme", 40, comment="code of the scheme, any version"),
        _text("period", 7, comment="2026-09 or 2026-Q3"),
        sa.Column("unit_id", Key, nullable=False),
        sa.Column("hundredths", sa.Integer(), nullable=False, comment="points times 100, with their sign"),
        _text("sort", 12),
        _text("reason", 500),
        sa.Column("cancels_id", Key, nullable=True),
        *_who(),
        sa.CheckConstraint("hundredths <> 0", name=op.f("ck_score_entries_hundredths")),
        sa.CheckConstraint("sort IN ('bonus', 'deduction')", name=op.f("ck_score_entries_sort")),
        sa.ForeignKeyConstraint(
            ["cancels_id"], ["score_entries.id"], name=op.f("fk_score_entries_cancels_id_score_entries")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_score_entries_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_entries")),
        sa.UniqueConstraint("cancels_id", name=op.f("uq_score_entries_cancels_id")),
    )
    op.create_index("ix_score_entries_scheme", "score_entries", ["scheme", "period"])
    op.create_table(
        "indicators",
        sa.Column("id", Key, nullable=False),
        _text("code", 40),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        _text("unit_path", 200, comment="the sheet it stands on"),
        sa.Column("document", sa.Text(), nullable=False, comment="JSON: name, measure, target, owner …"),
        *_who(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicators")),
        sa.UniqueConstraint("code", "year", "version", name=op.f("uq_indicators_code_year_version")),
    )
    op.create_table(
        "indicator_values",
        sa.Column("id", Key, nullable=False),
        _text("indicator", 40, comment="code"),
        _text("month", 7, comment="2026-09"),
        sa.Column("unit_id", Key, nullable=False),
        _text("value", 24, comment="exact decimal; empty: taken back"),
        _text("note", 200, server_default=""),
        _text("origin", 12),
        *_who(),
        sa.CheckConstraint(
            "origin IN ('entered', 'imported')", name=op.f("ck_indicator_values_origin")
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_indicator_values_unit_id_units")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_values")),
    )
    op.create_index(
        "ix_indicator_values_indicator", "indicator_values", ["indicator", "month", "unit_id", "id"]
    )


def downgrade() -> None:
    for table in ("indicator_values", "indicators", "score_entries", "score_schemes", "bulletins"):
        op.drop_table(table)
    op.drop_table("editions")
