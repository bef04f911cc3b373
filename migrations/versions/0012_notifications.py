"""Notifications

Revision ID: 0012
Revises: 0011
Create Date: 2026-11-28 06:30:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "notifications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("comment_id", sa.Integer(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=f"fk_notifications_{column}_{table}",
                ondelete="CASCADE",
            )
            for column, table in {
                "user_id": "users",
                "actor_id": "users",
                "post_id": "posts",
                "comment_id": "comments",
            }.items()
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
    )
    for column in ("timestamp", "actor_id", "post_id", "comment_id"):
        op.create_index(f"ix_notifications_{column}", "notifications", [column])
    newest, row = ["user_id", "timestamp", "id"], ["user_id", "kind", "row_id"]
    op.create_index("ix_notifications_user_newest", "notifications", newest)
    op.create_index("uq_notifications_row", "notifications", row, unique=True)
    never = {"server_default": "1970-01-01 00:00:00", "nullable": False}
    for column in ("notifications_read_at", "digest_at"):
        op.add_column("users", sa.Column(column, sa.DateTime(timezone=True), **never))
    op.add_column(
        "users",
        sa.Column("email_digest", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("outbox_emails", sa.Column("unsubscribe_url", sa.Text(), nullable=True))


def downgrade():
    op.drop_column("outbox_emails", "unsubscribe_url")
    for column in ("email_digest", "digest_at", "notifications_read_at"):
        op.drop_column("users", column)
    op.drop_table("notifications")
