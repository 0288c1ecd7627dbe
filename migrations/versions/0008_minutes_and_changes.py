"""The instant at which the nearest clock in minutes runs out, beside each case; what is changed
beside the cases, for good.

Postings of cases with such clocks said until now that they are overdue the day after; they are
written anew, as of the day itself.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NOT_NULL = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("cases", sa.Column("due_at", sa.String(27),
                                     comment="of the nearest running clock in hours or minutes"))
    op.create_index("ix_cases_due_at", "cases", ["due_at"],
                    sqlite_where=_NOT_NULL, postgresql_where=_NOT_NULL)
    _leave_stale()
    op.create_table(
        "admin_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("actor", sa.String(40), nullable=False),
        sa.Column("sort", sa.String(32), nullable=False,
                  comment="a key of vocabulary.ADMIN_CHANGES"),
        sa.Column("target", sa.String(80), nullable=False,
                  comment="account, list, calendar … by its code"),
        sa.Column("path", sa.String(200), server_default="", nullable=False,
                  comment="path of the unit it concerns; empty: the whole site"),
        sa.Column("before", sa.Text(), server_default="{}", nullable=False,
                  comment="what changed, as it was"),
        sa.Column("after", sa.Text(), server_default="{}", nullable=False),
        sa.Column("reason", sa.String(500), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_admin_changes"),
    )
    op.create_index("ix_admin_changes_sort", "admin_changes", ["sort", "id"])


def downgrade() -> None:
    op.drop_table("admin_changes")
    op.drop_index("ix_cases_due_at", "cases")
    op.drop_column("cases", "due_at")
    _leave_stale()


def _leave_stale() -> None:
    """Have the postings compared with the log, where any clock counts in minutes."""
    op.execute(
        "INSERT INTO settings (name, value) SELECT 'postings_stale', '1' WHERE EXISTS"
        " (SELECT 1 FROM events WHERE facts LIKE '%\"due_at\"%') AND NOT EXISTS"
        " (SELECT 1 FROM settings WHERE name = 'postings_stale')"
    )
