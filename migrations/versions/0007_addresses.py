"""Failures to sign in, by network address.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_addresses",
        sa.Column("network", sa.String(45), nullable=False, comment="IPv4 address or IPv6 /64"),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", sa.String(27), nullable=False, comment="when the count began"),
        sa.PrimaryKeyConstraint("network", name="pk_sign_in_addresses"),
    )


def downgrade() -> None:
    op.drop_table("sign_in_addresses")
