"""Edited texts

Revision ID: 0014
Revises: 0013
Create Date: 2026-11-28 14:40:00.000000
"""

import sqlalchemy as sa
from alembic import op


revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = ("posts", "comments")


def upgrade():
    for table in TABLES:
        op.add_column(table, sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))


def downgrade():
    for table in TABLES:
        op.drop_column(table, "edited_at")
