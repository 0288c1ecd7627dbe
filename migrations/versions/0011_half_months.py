"""Checkpoints stand at every half month: a board in the middle of a month reads half as many days.

Those of former versions stay good; the halves between are written by the next rebuild.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_WORDS = {
    "month": "ordinal of its first day; sums of all days before",
    "begins": "ordinal of the first day of a half month; sums of all days before",
}


def _rename(old: str, new: str) -> None:
    op.execute(f"ALTER TABLE checkpoints RENAME COLUMN {old} TO {new}")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"COMMENT ON COLUMN checkpoints.{new} IS '{_WORDS[new]}'")


def upgrade() -> None:
    _rename("month", "begins")


def downgrade() -> None:
    _rename("begins", "month")
