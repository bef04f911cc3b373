"""A deploy that fails says so in one line and leaves the database as it was."""

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import inspect, text

from app.extensions import db
from app.models import User
from tests.databases import EphemeralPostgres
from tests.extra_migrations import add_migration
from tests.factories import Factory
from tests.settings import make_app

BREAKS = """op.create_table("half_done", sa.Column("id", sa.Integer()))
op.execute("DELETE FROM users")
op.execute("SELECT nonsense FROM nowhere")"""


def deploy(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["deploy"])


def tables(app: Flask) -> set[str]:
    with app.app_context():
        return set(inspect(db.engine).get_table_names())


def assert_one_clear_line(result: Result, told: str) -> None:
    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1, result.output
    assert result.output.startswith("Error: Migrations failed; nothing of it was kept: ")
    assert told in result.output
    assert isinstance(result.exception, SystemExit), "no traceback"


def test_failing_migration_leaves_the_database_as_it_was(bare_app: Flask, tmp_path: Path) -> None:
    deploy(bare_app)
    Factory(bare_app).user("ann")
    before = tables(bare_app)
    add_migration(bare_app, tmp_path, BREAKS)

    result = deploy(bare_app)

    assert_one_clear_line(result, "nowhere")
    assert tables(bare_app) == before
    with bare_app.app_context():
        assert User.with_username("ann") is not None
        assert db.session.scalar(text("SELECT version_num FROM alembic_version")) != "9999"


def test_failing_migration_takes_back_those_before_it(bare_app: Flask, tmp_path: Path) -> None:
    add_migration(bare_app, tmp_path, BREAKS)

    assert_one_clear_line(deploy(bare_app), "nowhere")
    assert tables(bare_app) == set()


def test_deploy_works_again_once_the_migration_is_mended(bare_app: Flask, tmp_path: Path) -> None:
    add_migration(bare_app, tmp_path, BREAKS)
    deploy(bare_app)
    broken = tmp_path / "migrations" / "versions" / "9999_one_more.py"
    broken.write_text(broken.read_text().replace("SELECT nonsense FROM nowhere", "SELECT 1"))

    result = deploy(bare_app)

    assert result.exit_code == 0, result.output
    assert "9999 One more" in result.output
    assert "half_done" in tables(bare_app)


def test_database_of_a_newer_release_is_refused(bare_app: Flask) -> None:
    deploy(bare_app)
    with bare_app.app_context():
        db.session.execute(text("UPDATE alembic_version SET version_num = 'later'"))
        db.session.commit()

    assert_one_clear_line(deploy(bare_app), "later")


@pytest.mark.slow
def test_migration_does_not_wait_long_for_a_table_in_use(
    postgres: EphemeralPostgres, tmp_path: Path
) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.new_database())
    deploy(app)
    add_migration(app, tmp_path, 'op.add_column("users", sa.Column("shoes", sa.Integer()))')
    with app.app_context(), db.engine.connect() as reader:
        reader.execute(text("SELECT * FROM users"))
        reader.execute(text("LOCK TABLE users IN ACCESS SHARE MODE"))

        assert_one_clear_line(deploy(app), "lock timeout")

    with app.app_context():
        db.engine.dispose()


def test_migration_that_fails_in_python_is_one_clear_line(bare_app: Flask, tmp_path: Path) -> None:
    deploy(bare_app)
    add_migration(bare_app, tmp_path, '{}["no such key"]')

    assert_one_clear_line(deploy(bare_app), "KeyError: 'no such key'")


@pytest.mark.slow
def test_roles_do_not_wait_long_for_a_row_in_use(postgres: EphemeralPostgres) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.new_database())
    deploy(app)
    with app.app_context(), db.engine.connect() as other:
        other.execute(text("UPDATE roles SET permissions = 0"))
        other.commit()
        other.execute(text("SELECT * FROM roles FOR UPDATE"))

        result = deploy(app)

    assert result.exit_code == 1
    assert "Error: Roles failed; nothing of it was kept: " in result.output
    assert "lock timeout" in result.output
    with app.app_context():
        db.engine.dispose()
