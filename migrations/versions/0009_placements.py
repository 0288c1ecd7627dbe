"""A standing of its own for a case on a further list; key cases closed and done as accounts.

Day sums follow from the postings; these are emptied and written again from the log by
``ecoissues db upgrade`` once the schema stands.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NEW = ("key_closed", "key_done")
COUNTED = ("postings", "day_sums", "checkpoints")
PHASES = ("", "open", "phase_closed", "completed", "closed", "reviewed")


def upgrade() -> None:
    allowed = f"phase IN ({', '.join(repr(phase) for phase in PHASES)})"
    with op.batch_alter_table("case_placements") as batch:
        batch.add_column(sa.Column("state", sa.String(32), server_default="", nullable=False))
        batch.add_column(sa.Column("phase", sa.String(16), server_default="", nullable=False))
        batch.add_column(sa.Column("moved_on", sa.String(10)))
        batch.add_column(sa.Column("closed_on", sa.String(10)))
        batch.create_check_constraint(op.f("ck_case_placements_phase"), sa.text(allowed))
    for table in COUNTED:
        for name in NEW:
            op.add_column(
                table, sa.Column(name, sa.Integer(), server_default="0", nullable=False)
            )
    _empty()


def downgrade() -> None:
    for table in COUNTED:
        for name in NEW:
            op.drop_column(table, name)
    with op.batch_alter_table("case_placements") as batch:
        batch.drop_constraint(op.f("ck_case_placements_phase"), type_="check")
        for name in ("closed_on", "moved_on", "phase", "state"):
            batch.drop_column(name)
    _empty()


def _empty() -> None:
    """Take out what was posted by other accounts, and ask for it to be posted anew."""
    op.execute("DELETE FROM generations")
    op.execute("DELETE FROM day_sums")
    op.execute("DELETE FROM checkpoints")
    op.execute("DELETE FROM postings")
    op.execute(
        "INSERT INTO settings (name, value) SELECT 'postings_stale', '1' WHERE EXISTS"
        " (SELECT 1 FROM events) AND NOT EXISTS"
        " (SELECT 1 FROM settings WHERE name = 'postings_stale')"
    )
