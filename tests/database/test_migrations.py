"""The revisions of the migrations, read without Alembic."""

from pathlib import Path

import pytest
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from app.database.migrations import current_revisions, known_revisions
from app.extensions import db
from tests.support.databases import new_sqlite_url
from tests.support.repository import ROOT
from tests.support.servers import flask, production

BRANCHES = {
    "0001": "None",
    "0002": '"0001"',
    "0003": '"0001"',
    "0004": '("0002", "0003")',
    "0005": '"0004"',
}
TEMPLATE = '''"""Migration"""

revision: str = "{revision}"
down_revision = {down}
branch_labels = None
'''


def assert_same_as_alembic(folder: Path) -> None:
    script = ScriptDirectory(str(folder))
    revisions = {one.revision for one in script.walk_revisions()}

    assert known_revisions(str(folder)) == (revisions, set(script.get_heads()))


def test_revisions_of_this_release_are_those_of_alembic() -> None:
    assert_same_as_alembic(ROOT / "migrations")


@pytest.mark.parametrize("last", ["0003", "0005"], ids=["two heads", "merged"])
def test_revisions_of_branches_are_those_of_alembic(tmp_path: Path, last: str) -> None:
    (tmp_path / "versions").mkdir()
    for revision, down in BRANCHES.items():
        if revision <= last:
            text = TEMPLATE.format(revision=revision, down=down)
            (tmp_path / "versions" / f"{revision}.py").write_text(text)

    assert_same_as_alembic(tmp_path)


@pytest.mark.both_databases
def test_revision_of_a_database_is_that_of_alembic(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        heads = MigrationContext.configure(connection).get_current_heads()

        assert current_revisions(connection) == set(heads) != set()


@pytest.mark.both_databases
def test_database_without_migrations_has_no_revision(bare_app: Flask) -> None:
    with bare_app.app_context(), db.engine.connect() as connection:
        assert current_revisions(connection) == set()


@pytest.mark.slow
def test_commands_of_flask_migrate_work(tmp_path: Path) -> None:
    environment = production("http://127.0.0.1", new_sqlite_url(tmp_path))

    assert "(head)" in flask(environment, "db", "heads")
