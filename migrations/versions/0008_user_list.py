"""User list

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-28 02:50:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SUSPENDED = sa.text("suspended_at IS NOT NULL")
UNCONFIRMED = sa.text("NOT confirmed")


def create_partial_index(name, columns, where):
    op.create_index(name, "users", columns, postgresql_where=where, sqlite_where=where)


def upgrade():
    newest = ["member_since", "id"]
    op.create_index("ix_users_newest", "users", newest)
    op.create_index("ix_users_role_newest", "users", ["role_id", *newest])
    op.drop_index("ix_users_role_id", table_name="users")
    create_partial_index("ix_users_unconfirmed", newest, UNCONFIRMED)
    op.drop_index("ix_users_suspended", table_name="users")
    create_partial_index("ix_users_suspended", newest, SUSPENDED)
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    username = "lower(username) text_pattern_ops" if is_postgresql else "lower(username)"
    op.create_index("ix_users_username_prefix", "users", [sa.text(username)])
    ops = {"email": "text_pattern_ops"}
    op.create_index("ix_users_email_prefix", "users", ["email"], postgresql_ops=ops)


def downgrade():
    op.drop_index("ix_users_email_prefix", table_name="users")
    op.drop_index("ix_users_username_prefix", table_name="users")
    op.drop_index("ix_users_suspended", table_name="users")
    create_partial_index("ix_users_suspended", ["id"], SUSPENDED)
    op.drop_index("ix_users_unconfirmed", table_name="users")
    op.create_index("ix_users_role_id", "users", ["role_id"])
    op.drop_index("ix_users_role_newest", table_name="users")
    op.drop_index("ix_users_newest", table_name="users")
