"""kinds: versions in use

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kind_versions",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False, comment="the kind as it acts, JSON"),
        sa.Column(
            "file", sa.String(length=200), server_default="", nullable=False,
            comment="of the site's own folder",
        ),
        sa.Column("pinned_at", sa.String(length=27), nullable=False),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_kind_versions_digest")),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_kind_versions")),
    )


def downgrade() -> None:
    op.drop_table("kind_versions")
