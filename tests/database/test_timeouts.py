"""Commands and migrations have no statement timeout; health checks have their own."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError

from app.cli.reporting import ReportingGroup
from app.database.timeouts import (
    set_statement_timeout,
    unpooled_engine,
    without_timeouts,
)
from app.extensions import db
from tests.database.test_postgresql import MakeApp, make_postgres_app, show
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres
from tests.support.extra_migrations import EXTRA, add_migration

__all__ = ["make_postgres_app"]


def test_timeout_is_removed_and_restored(make_postgres_app: MakeApp) -> None:
    app = make_postgres_app(DATABASE_STATEMENT_TIMEOUT=0.2, DATABASE_POOL_SIZE=1)

    with app.app_context(), without_timeouts():
        db.session.execute(text("SELECT pg_sleep(0.5)"))
        db.session.commit()

    assert show(app, "statement_timeout") == "200ms"


def test_commands_have_no_timeout(make_postgres_app: MakeApp) -> None:
    app = make_postgres_app(DATABASE_STATEMENT_TIMEOUT=0.2)
    slow = ReportingGroup("slow")

    @slow.command()
    def sleep() -> None:
        db.session.execute(text("SELECT pg_sleep(0.5)"))

    app.cli.add_command(slow)

    result = app.test_cli_runner().invoke(args=["slow", "sleep"])

    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("command", [["deploy"], ["db", "upgrade"]], ids=" ".join)
def test_migrations_have_no_timeout(
    postgres: EphemeralPostgres, tmp_path: Path, command: list[str]
) -> None:
    url = postgres.new_database()
    app = make_app(
        SQLALCHEMY_DATABASE_URI=url, DATABASE_STATEMENT_TIMEOUT=0.2, DATABASE_POOL_SIZE=1
    )
    add_migration(app, tmp_path, 'op.execute("SELECT pg_sleep(0.5)")')

    if command[0] == "db":  # which does not use the application's folder
        command = [*command, "--directory", str(tmp_path / "migrations")]
    result = app.test_cli_runner().invoke(args=command)

    assert result.exit_code == 0, result.output
    with app.app_context():
        assert db.session.scalar(text("SELECT version_num FROM alembic_version")) == EXTRA
        db.session.rollback()
    assert show(app, "statement_timeout") == "200ms"
    assert show(app, "lock_timeout") == "5s"
    with app.app_context():
        db.engine.dispose()


def test_unpooled_engine_limits_statements(postgres: EphemeralPostgres) -> None:
    engine = unpooled_engine(make_url(postgres.url("postgres")), 0.05)
    for _ in range(2):
        with engine.connect() as connection, pytest.raises(OperationalError, match="timeout"):
            connection.execute(text("SELECT pg_sleep(10)"))


def test_statement_timeout_ends_with_the_transaction(postgres: EphemeralPostgres) -> None:
    engine = create_engine(postgres.url("postgres"), poolclass=NullPool)
    with engine.connect() as connection:
        set_statement_timeout(connection, 0.05)
        with pytest.raises(OperationalError, match="statement timeout"):
            connection.execute(text("SELECT pg_sleep(10)"))
        connection.rollback()
        assert connection.scalar(text("SHOW statement_timeout")) == "0"


@pytest.mark.parametrize(
    ("url", "timeout", "options"),
    [
        ("postgresql+psycopg2://host/site", 0.5, {"connect_timeout": 2}),
        ("postgresql+psycopg2://host/site", 2.5, {"connect_timeout": 3}),
        ("sqlite:////tmp/site.sqlite", 0.5, {"timeout": 0.5}),
    ],
)
def test_unpooled_engine_connects_within_the_timeout(
    url: str, timeout: float, options: dict[str, float]
) -> None:
    engine = unpooled_engine(make_url(url), timeout)
    arguments: dict[str, object] = {}

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, _arguments: Any, keywords: dict[str, Any]) -> None:
        arguments.update(keywords)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        engine.connect()

    assert arguments.items() >= options.items()
