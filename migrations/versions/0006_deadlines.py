"""Calendars loaded, proposals, reminders and what goes out; running clocks beside each case.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("cases", sa.Column("running", sa.Text(), server_default="[]", nullable=False,
                                     comment="every running clock"))
    op.add_column("cases", sa.Column("reminded_on", sa.String(10),
                                     comment="the nearest due day of any running clock, inner ones too"))
    op.add_column("cases", sa.Column("provisional", sa.Boolean(), server_default=sa.text("false"),
                                     nullable=False))
    op.add_column("cases", sa.Column("finish_original", sa.String(10),
                                     comment="of the first finish clock, met or not"))
    op.add_column("cases", sa.Column("finish_current", sa.String(10)))
    op.create_index("ix_cases_reminded_on", "cases", ["reminded_on"])
    op.create_index("ix_cases_provisional", "cases", ["provisional"],
                    sqlite_where=sa.text("provisional"), postgresql_where=sa.text("provisional"))
    op.create_table(
        "calendars",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(20), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False, comment="the TOML text as it was loaded"),
        sa.Column("loaded_at", sa.String(27), nullable=False),
        sa.Column("loaded_by", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("year", "region", "version", name="pk_calendars"),
    )
    op.create_table(
        "proposals",
        sa.Column("case_id", _key(), nullable=False),
        sa.Column("clock", sa.String(40), nullable=False),
        sa.Column("due_on", sa.String(10), nullable=False, comment="the day in force"),
        sa.Column("new_due", sa.String(10), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False, comment="whether the new day is"),
        sa.Column("because", sa.String(12), nullable=False),
        sa.Column("made_at", sa.String(27), nullable=False),
        sa.CheckConstraint("because IN ('calendar', 'rule')", name="ck_proposals_because"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_proposals_case_id_cases"),
        sa.PrimaryKeyConstraint("case_id", "clock", name="pk_proposals"),
    )
    op.create_table(
        "scans",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("at", sa.String(27), nullable=False),
        sa.Column("reminders", sa.Integer(), server_default="0", nullable=False),
        sa.Column("messages", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_scans"),
    )
    op.create_table(
        "reminders",
        sa.Column("rule", sa.String(24), nullable=False, comment="soon, urgent, chase-3 …"),
        sa.Column("case_id", _key(), nullable=False),
        sa.Column("clock", sa.String(40), nullable=False),
        sa.Column("due_on", sa.String(10), nullable=False),
        sa.Column("day", sa.String(10), nullable=False, comment="the scan that found it"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name="fk_reminders_case_id_cases"),
        sa.ForeignKeyConstraint(["day"], ["scans.day"], name="fk_reminders_day_scans"),
        sa.PrimaryKeyConstraint("rule", "case_id", "clock", "due_on", name="pk_reminders"),
    )
    op.create_index("ix_reminders_case_id", "reminders", ["case_id"])
    op.create_table(
        "outbox",
        sa.Column("id", _key(), nullable=False),
        sa.Column("channel", sa.String(12), nullable=False),
        sa.Column("recipient", sa.String(80), nullable=False,
                  comment="sign-in name, or name of the group"),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("items", sa.Text(), server_default="[]", nullable=False,
                  comment="case ids with what is said"),
        sa.Column("made_at", sa.String(27), nullable=False),
        sa.Column("sent_at", sa.String(27)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.String(27), nullable=False, comment="not to be tried before"),
        sa.Column("error", sa.String(200), server_default="", nullable=False),
        sa.CheckConstraint("channel IN ('desk', 'mail', 'group')", name="ck_outbox_channel"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("channel", "recipient", "day", name="uq_outbox_channel_recipient_day"),
    )
    op.create_index("ix_outbox_sent_at_next_at", "outbox", ["sent_at", "next_at"])
    op.create_table(
        "contacts",
        sa.Column("user_id", _key(), nullable=False),
        sa.Column("mail", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_contacts_user_id_users"),
        sa.PrimaryKeyConstraint("user_id", name="pk_contacts"),
    )


def downgrade() -> None:
    for table in ("contacts", "outbox", "reminders", "scans", "proposals", "calendars"):
        op.drop_table(table)
    op.drop_index("ix_cases_provisional", "cases")
    op.drop_index("ix_cases_reminded_on", "cases")
    for column in ("finish_current", "finish_original", "provisional", "reminded_on", "running"):
        op.drop_column("cases", column)
