"""Postings by position carry the day too: what was recorded after a position is narrowed in the index.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_LATE = sa.text("late = 1")


def _index(columns: list[str]) -> None:
    op.drop_index("ix_postings_list_id_late", "postings")
    op.drop_index("ix_postings_list_id_pos", "postings")
    op.create_index("ix_postings_list_id_pos", "postings", columns)
    op.create_index("ix_postings_list_id_late", "postings", columns,
                    sqlite_where=_LATE, postgresql_where=_LATE)


def upgrade() -> None:
    _index(["list_id", "pos", "day"])


def downgrade() -> None:
    _index(["list_id", "pos"])
