"""Hidden users

Revision ID: 0011
Revises: 0010
Create Date: 2026-11-28 06:30:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade():
    """Add the users whom others have blocked or muted, and which users have any."""
    # demo-only: begin
    op.add_column(
        "users",
        sa.Column("hides_users", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_table(
        "hidden_users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("hidden_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_hidden_users_user_id_users", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["hidden_id"], ["users.id"], name="fk_hidden_users_hidden_id_users", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_hidden_users"),
    )
    op.create_index("ix_hidden_users_hidden_id", "hidden_users", ["hidden_id"])
    op.create_index(
        "uq_hidden_users_user_hidden", "hidden_users", ["user_id", "hidden_id"], unique=True
    )
    op.create_index(
        "ix_hidden_users_user_newest", "hidden_users", ["user_id", "timestamp", "hidden_id"]
    )
    # demo-only: end


def downgrade():
    """Remove both."""
    # demo-only: begin
    op.drop_table("hidden_users")
    op.drop_column("users", "hides_users")
    # demo-only: end
