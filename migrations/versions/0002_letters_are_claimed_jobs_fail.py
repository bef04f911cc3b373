"""Letters are claimed, and failed jobs are kept

Only adds what the release before can do without: it may serve meanwhile.

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-20 18:55:12.704311
"""

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    for name in ("next_attempt_at", "given_up_at", "claimed_until"):
        op.add_column("letters", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_letters_due",
        "letters",
        ["next_attempt_at"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL AND given_up_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND given_up_at IS NULL"),
    )

    op.create_table(
        "failed_jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_failed_jobs"),
    )
    op.create_index("ix_failed_jobs_retry_at", "failed_jobs", ["retry_at"], unique=False)


def downgrade():
    op.drop_index("ix_failed_jobs_retry_at", table_name="failed_jobs")

    op.drop_table("failed_jobs")
    op.drop_index("ix_letters_due", table_name="letters")
    for name in ("claimed_until", "given_up_at", "next_attempt_at"):
        op.drop_column("letters", name)
