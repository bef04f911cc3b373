"""Former usernames

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-27 22:55:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "former_usernames",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name="fk_former_usernames_user_id_users",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_former_usernames"),
    )
    op.create_index("ix_former_usernames_user_id", "former_usernames", ["user_id"])
    op.create_index("ix_former_usernames_expires_at", "former_usernames", ["expires_at"])
    op.create_index(
        "uq_former_usernames_username_lower",
        "former_usernames",
        [sa.literal_column("lower(username)")],
        unique=True,
    )


def downgrade():
    op.drop_table("former_usernames")
