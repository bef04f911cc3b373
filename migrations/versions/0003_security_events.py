"""Security events

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-27 22:50:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "security_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.String(length=255), server_default="", nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=64), nullable=True),
        sa.Column("browser", sa.String(length=32), nullable=True),
        sa.Column("system", sa.String(length=32), nullable=True),
        sa.Column("network", sa.String(length=43), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [f"{name}_id"],
                ["users.id"],
                name=f"fk_security_events_{name}_id_users",
                ondelete="SET NULL",
            )
            for name in ("user", "actor")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_security_events"),
    )
    op.create_index("ix_security_events_expires_at", "security_events", ["expires_at"])
    op.create_index("ix_security_events_actor_id", "security_events", ["actor_id"])
    op.create_index(
        "ix_security_events_user_newest", "security_events", ["user_id", "timestamp", "id"]
    )
    op.create_index(
        "ix_security_events_audit_newest",
        "security_events",
        ["timestamp", "id"],
        postgresql_where=sa.text("actor_name IS NOT NULL"),
        sqlite_where=sa.text("actor_name IS NOT NULL"),
    )


def downgrade():
    op.drop_table("security_events")
