"""a version of units, lists and settings, so that every process notices a change of them

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = op.create_table(
        "reference",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False,
            comment="moved by triggers on units, lists, settings",
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_reference_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference")),
    )
    op.bulk_insert(table, [{"id": 1, "version": 1}])


def downgrade() -> None:
    op.drop_table("reference")
