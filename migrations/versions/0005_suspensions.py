"""Suspensions

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-27 23:05:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("users", sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("suspension_reason", sa.String(length=255), nullable=True))
    op.create_index(
        "ix_users_suspended",
        "users",
        ["id"],
        postgresql_where=sa.text("suspended_at IS NOT NULL"),
        sqlite_where=sa.text("suspended_at IS NOT NULL"),
    )


def downgrade():
    op.drop_index("ix_users_suspended", table_name="users")
    op.drop_column("users", "suspension_reason")
    op.drop_column("users", "suspended_at")
