"""The instant at which the nearest clock in minutes runs out, beside each case.

Postings of cases with such clocks said until now that they are overdue the day after; they are
written anew, as of the day itself.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NOT_NULL = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("cases", sa.Column("due_at", sa.String(27),
                                     comment="of the nearest running clock in hours or minutes"))
    op.create_index("ix_cases_due_at", "cases", ["due_at"],
                    sqlite_where=_NOT_NULL, postgresql_where=_NOT_NULL)
    _leave_stale()


def downgrade() -> None:
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
