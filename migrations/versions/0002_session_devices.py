"""Devices of login sessions

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-27 22:40:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("access_tokens", sa.Column("network", sa.String(length=43), nullable=True))
    for name, length in (("network", 43), ("browser", 32), ("system", 32)):
        op.add_column("login_sessions", sa.Column(name, sa.String(length=length), nullable=True))
    op.create_index(
        "ix_login_sessions_user_newest", "login_sessions", ["user_id", "timestamp", "id"]
    )
    op.drop_index("ix_login_sessions_user_id", table_name="login_sessions")


def downgrade():
    op.create_index("ix_login_sessions_user_id", "login_sessions", ["user_id"])
    op.drop_index("ix_login_sessions_user_newest", table_name="login_sessions")
    for name in ("system", "browser", "network"):
        op.drop_column("login_sessions", name)
    op.drop_column("access_tokens", "network")
