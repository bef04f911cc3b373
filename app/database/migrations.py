"""Migrations, as far as a web process needs them: which revisions there are, without Alembic.

Alembic and what it imports are 110 modules, and took a tenth of the time of a start.
"""

import ast
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Connection, inspect, text

from ..extensions import db


class LazyMigrate:
    """Stands for Flask-Migrate in `app.extensions`, and imports it when a command uses it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.directory = str(Path(app.root_path).parent / "migrations")

    def __getattr__(self, name: str) -> Any:
        migrate = import_module("flask_migrate").Migrate
        migrate(self.app, db, self.directory, compare_type=True, render_as_batch=True)
        return getattr(self.app.extensions["migrate"], name)


def init_app(app: Flask) -> None:
    """Register Flask-Migrate for `flask db` and `flask deploy`."""
    app.extensions["migrate"] = LazyMigrate(app)


def current_revisions(connection: Connection) -> set[str]:
    """Return the revisions of a database: none if it has never been migrated."""
    if not inspect(connection).has_table("alembic_version"):
        return set()
    return set(connection.scalars(text("SELECT version_num FROM alembic_version")))


def known_revisions(directory: str) -> tuple[set[str], set[str]]:
    """Return all revisions in the folder of the migrations, and those that no other follows."""
    files = [_variables(path) for path in Path(directory, "versions").glob("*.py")]
    revisions = {file["revision"] for file in files}
    followed: set[str] = set()
    for file in files:
        previous = file["down_revision"] or ()
        followed.update([previous] if isinstance(previous, str) else previous)
    return revisions, revisions - followed


def _variables(path: Path) -> dict[str, Any]:
    """Return the constants of a migration; Alembic writes them as `revision = "…"`."""
    constants: dict[str, Any] = {}
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.AnnAssign | ast.Assign) and node.value is not None:
            [target] = node.targets if isinstance(node, ast.Assign) else [node.target]
            if isinstance(target, ast.Name) and target.id.endswith("revision"):
                constants[target.id] = ast.literal_eval(node.value)
    return constants
