"""Accounts and shares that more figure definitions count; four ways to count joint cases.

Day sums and checkpoints are made anew (they follow from the postings), postings are emptied and
written again from the log by ``ecoissues db upgrade`` once the schema stands.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OLD = (
    "cases", "void", "open", "phase_closed", "completed", "closed", "reviewed", "handed_over",
    "signed_for", "reported", "replied", "overdue", "overdue_report", "overdue_finish",
    "substantiated", "mostly", "partly", "unsubstantiated", "due_original", "met_original",
    "due_current", "met_current", "key_cases",
)  # fmt: skip
NEW = (
    "overdue_ever", "due_report", "met_report", "due_this_year", "done_this_year", "originals",
    "key_originals", "merged", "merged_open", "calls", "letters", "ever_closed", "rebounded",
    "surveyed", "satisfied",
)  # fmt: skip
FLOWS = ("arrivals", "closings", "reopenings")
SHARES = {
    "unit_share": "units that handle the case, negative where another one leads",
    "top_share": "districts and departments that handle it, negative where another one leads",
}
#: Table -> its column of days, and the comments of that, of the key and of the share.
SUMS = {
    "day_sums": (
        "day", None, "top id, unit id, type or cohort as text",
        "the share of a unit or top, else 0",
    ),
    "checkpoints": ("month", "ordinal of its first day; sums of all days before", None, None),
}  # fmt: skip
WAYS = ("whole", "plus", "own_row", "half")
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("postings") as batch:
        for name, comment in SHARES.items():
            batch.add_column(
                sa.Column(
                    name, sa.SmallInteger(), nullable=False, server_default="0", comment=comment
                )
            )
        for name in NEW:
            batch.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    _make_sums((*OLD, *NEW, *FLOWS), shared=True)
    _joint_counting(WAYS)
    _make_doubts()
    _empty()


def downgrade() -> None:
    op.drop_table("doubts")
    op.execute("UPDATE lists SET joint_counting = 'whole' WHERE joint_counting NOT IN"
               " ('whole', 'half')")  # fmt: skip
    _joint_counting(("whole", "half"))
    _make_sums((*OLD, *FLOWS), shared=False)
    with op.batch_alter_table("postings") as batch:
        for name in (*NEW, *SHARES):
            batch.drop_column(name)
    _empty()


def _make_sums(accounts: tuple[str, ...], *, shared: bool) -> None:
    for table, (when, of_when, of_key, of_share) in SUMS.items():
        op.drop_table(table)
        share = [sa.Column("shared", sa.SmallInteger(), nullable=False, comment=of_share)]
        if not shared:
            share = []
        keys = ["generation", "cube", "list_id", when, "key", *(one.name for one in share)]
        op.create_table(
            table,
            sa.Column("generation", KEY, nullable=False),
            sa.Column("cube", sa.String(8), nullable=False),
            sa.Column("list_id", KEY, nullable=False),
            sa.Column(when, sa.Integer(), nullable=False, comment=of_when),
            sa.Column("key", sa.String(20), nullable=False, comment=of_key),
            *share,
            *(
                sa.Column(name, sa.Integer(), nullable=False, server_default="0")
                for name in accounts
            ),
            sa.PrimaryKeyConstraint(*keys, name=op.f(f"pk_{table}")),
        )


def _joint_counting(ways: tuple[str, ...]) -> None:
    """Let the setting have these values; SQLite builds the table anew."""
    name = "ck_lists_joint_counting"
    allowed = f"joint_counting IN ({', '.join(repr(way) for way in ways)})"
    with op.batch_alter_table("lists") as batch:
        batch.drop_constraint(op.f(name), type_="check")
        batch.create_check_constraint(op.f(name), sa.text(allowed))


def _make_doubts() -> None:
    op.create_table(
        "doubts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("list_id", KEY, nullable=False),
        sa.Column("sort", sa.String(32), nullable=False),
        sa.Column(
            "subject", sa.String(200), nullable=False, comment="a number, a month, a statement"
        ),
        sa.Column("case_id", KEY, nullable=True),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("found_on", sa.String(10), nullable=False),
        sa.Column("gone_on", sa.String(10), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("settled_by", sa.String(40), server_default="", nullable=False),
        sa.Column("settled_on", sa.String(10), nullable=True),
        sa.ForeignKeyConstraint(["list_id"], ["lists.id"], name=op.f("fk_doubts_list_id_lists")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_doubts_case_id_cases")),
        sa.ForeignKeyConstraint(["owner_id"], ["units.id"], name=op.f("fk_doubts_owner_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doubts")),
        sa.UniqueConstraint(
            "list_id", "sort", "subject", name=op.f("uq_doubts_list_id_sort_subject")
        ),
    )


def _empty() -> None:
    """Take out what was posted by other accounts, and ask for it to be posted anew."""
    op.execute("DELETE FROM generations")
    op.execute("DELETE FROM postings")
    op.execute(
        "INSERT INTO settings (name, value) SELECT 'postings_stale', '1' WHERE EXISTS"
        " (SELECT 1 FROM events) AND NOT EXISTS"
        " (SELECT 1 FROM settings WHERE name = 'postings_stale')"
    )
