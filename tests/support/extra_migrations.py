"""Add a migration to a copy of the migrations."""

import shutil
from pathlib import Path
from textwrap import indent

from alembic.script import ScriptDirectory
from flask import Flask

from tests.support.repository import ROOT

EXTRA = "9999"
TEMPLATE = '''"""Extra migration"""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{head}"


def upgrade():
{upgrade}


def downgrade():
{downgrade}
'''


def add_migration(app: Flask, folder: Path, upgrade: str, downgrade: str = "pass") -> None:
    """Configure `app` to use a copy of the migrations in `folder` with one more at the end."""
    copy = folder / "migrations"
    shutil.copytree(ROOT / "migrations", copy, ignore=shutil.ignore_patterns("__pycache__"))
    head = ScriptDirectory(str(copy)).get_current_head()
    text = TEMPLATE.format(
        revision=EXTRA,
        head=head,
        upgrade=indent(upgrade, "    "),
        downgrade=indent(downgrade, "    "),
    )
    (copy / "versions" / f"{EXTRA}_extra.py").write_text(text)
    app.extensions["migrate"].directory = str(copy)
