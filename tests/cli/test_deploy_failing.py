"""A failing deploy prints one line and leaves the database unchanged."""

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import Connection, create_engine, inspect, make_url, text

from app.extensions import db
from app.models import User
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres
from tests.support.extra_migrations import EXTRA, add_migration
from tests.support.factories import Factory

pytestmark = pytest.mark.both_databases

BROKEN = """op.create_table("half_done", sa.Column("id", sa.Integer()))
op.execute("DELETE FROM users")
op.execute("SELECT nonsense FROM nowhere")"""


def deploy(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["deploy"])


def tables(app: Flask) -> set[str]:
    with app.app_context():
        return set(inspect(db.engine).get_table_names())


def assert_one_line(result: Result, reason: str) -> None:
    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1, result.output
    assert result.output.startswith("Error: Migrations failed and were rolled back: ")
    assert reason in result.output
    assert isinstance(result.exception, SystemExit), "no traceback"


def test_failing_migration_changes_nothing_until_it_is_fixed(
    bare_app: Flask, tmp_path: Path
) -> None:
    deploy(bare_app)
    Factory(bare_app).user("ann")
    before = tables(bare_app)
    add_migration(bare_app, tmp_path, BROKEN)

    assert_one_line(deploy(bare_app), "nowhere")
    assert tables(bare_app) == before
    with bare_app.app_context():
        assert User.find_by_username("ann") is not None
        assert db.session.scalar(text("SELECT version_num FROM alembic_version")) != EXTRA

    file = tmp_path / "migrations" / "versions" / f"{EXTRA}_extra.py"
    file.write_text(file.read_text().replace("SELECT nonsense FROM nowhere", "SELECT 1"))
    result = deploy(bare_app)
    assert result.exit_code == 0, result.output
    assert f"{EXTRA} Extra migration" in result.output
    assert "half_done" in tables(bare_app)


def test_failing_migration_undoes_the_migrations_before_it(
    bare_app: Flask, tmp_path: Path
) -> None:
    add_migration(bare_app, tmp_path, BROKEN)

    assert_one_line(deploy(bare_app), "nowhere")
    assert tables(bare_app) == set()


def test_database_of_a_newer_release_is_refused(bare_app: Flask) -> None:
    deploy(bare_app)
    with bare_app.app_context():
        db.session.execute(text("UPDATE alembic_version SET version_num = 'later'"))
        db.session.commit()

    result = deploy(bare_app)
    assert_one_line(result, "later")
    assert "Deploy that version, or use a new database" in result.output


def test_two_last_migrations_are_to_be_joined(bare_app: Flask, tmp_path: Path) -> None:
    add_migration(bare_app, tmp_path, "pass")
    file = tmp_path / "migrations" / "versions" / f"{EXTRA}_extra.py"
    file.with_name("other.py").write_text(file.read_text().replace(EXTRA, "other"))

    assert_one_line(deploy(bare_app), "Join them: flask db merge heads")


def test_exception_in_a_migration_is_one_line(bare_app: Flask, tmp_path: Path) -> None:
    deploy(bare_app)
    add_migration(bare_app, tmp_path, '{}["no such key"]')

    assert_one_line(deploy(bare_app), "KeyError: 'no such key'")


@pytest.mark.slow
def test_waiting_for_locks_is_limited(postgres: EphemeralPostgres, tmp_path: Path) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.new_database())
    deploy(app)
    with app.app_context(), db.engine.connect() as other:
        other.execute(text("UPDATE roles SET permissions = 0"))
        other.commit()
        other.execute(text("SELECT * FROM roles FOR UPDATE"))
        result = deploy(app)

        assert result.exit_code == 1
        assert "Error: Roles failed and were rolled back: " in result.output
        assert "lock timeout" in result.output

        other.execute(text("LOCK TABLE users IN ACCESS SHARE MODE"))
        add_migration(app, tmp_path, 'op.add_column("users", sa.Column("shoes", sa.Integer()))')
        assert_one_line(deploy(app), "lock timeout")

    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(
    ("revoked", "reason"),
    [
        ("CREATE", "permission denied for schema public"),  # the default since PostgreSQL 15
        ("ALL", "no schema has been selected to create in"),
    ],
)
def test_role_that_may_not_create_tables_gets_the_grant(
    postgres: EphemeralPostgres, revoked: str, reason: str
) -> None:
    url = make_url(postgres.new_database())
    role = f"{url.database}-app"
    owner = create_engine(url, isolation_level="AUTOCOMMIT")
    app = make_app(SQLALCHEMY_DATABASE_URI=url.set(username=role).render_as_string(False))
    with owner.connect() as connection:
        connection.execute(text(f'CREATE ROLE "{role}" LOGIN'))
        connection.execute(text(f"REVOKE {revoked} ON SCHEMA public FROM PUBLIC"))

        result = deploy(app)
        assert_one_line(result, reason)
        grant = result.output.partition(f"must run: psql -d '{url.database}' -c '")[2].strip()
        connection.execute(text(grant.removesuffix("'")))
        assert deploy(app).exit_code == 0

        assert_permission_error(app, connection, role)
    owner.dispose()
    with app.app_context():
        db.engine.dispose()


def assert_permission_error(app: Flask, owner: Connection, role: str) -> None:
    """Check that other commands name the missing privilege, too."""
    owner.execute(text(f'ALTER TABLE users OWNER TO postgres; REVOKE ALL ON users FROM "{role}"'))
    result = app.test_cli_runner().invoke(args=["users", "list"])
    assert result.output == (
        "Error: Database error: permission denied for table users. The database role lacks a "
        "privilege. Check its grants, and whether the plan is full.\n"
    )
