"""A copy of the migrations with one more, for a site that is about to be upgraded."""

import shutil
from pathlib import Path
from textwrap import indent

from alembic.script import ScriptDirectory
from flask import Flask

from tests.repository import ROOT

EXTRA = "9999"
TEMPLATE = '''"""One more"""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{after}"


def upgrade():
{upgrade}


def downgrade():
{downgrade}
'''


def add_migration(app: Flask, folder: Path, upgrade: str, downgrade: str = "pass") -> None:
    """Let `app` use a copy of its migrations in `folder`, with one more at the end."""
    copy = folder / "migrations"
    shutil.copytree(ROOT / "migrations", copy, ignore=shutil.ignore_patterns("__pycache__"))
    after = ScriptDirectory(str(copy)).get_current_head()
    text = TEMPLATE.format(
        revision=EXTRA,
        after=after,
        upgrade=indent(upgrade, "    "),
        downgrade=indent(downgrade, "    "),
    )
    (copy / "versions" / f"{EXTRA}_one_more.py").write_text(text)
    app.extensions["migrate"].directory = str(copy)
