"""What PostgreSQL is told when a connection is opened, asked of PostgreSQL itself."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import make_url, text

from app.cli.telling import TellingGroup
from app.extensions import db
from app.postgresql import connect_args, without_statement_timeout

from .databases import EphemeralPostgres, counted_statements, migrated
from .extra_migrations import EXTRA, add_migration
from .reader import Reader
from .settings import make_app

Make = Callable[..., Flask]


@pytest.fixture
def make(postgres: EphemeralPostgres) -> Iterator[Make]:
    """Makes sites on PostgreSQL, and closes their connections afterwards."""
    with ExitStack() as stack:

        def close(app: Flask) -> None:
            with app.app_context():
                db.engine.dispose()

        def new(query: str = "", **settings: Any) -> Flask:
            app = make_app(SQLALCHEMY_DATABASE_URI=postgres.url("postgres") + query, **settings)
            stack.callback(close, app)
            return app

        yield new


def shown(app: Flask, name: str) -> str:
    """Return what `name` is on a connection that has been used and given back before."""
    with app.app_context():
        db.session.execute(text("SELECT 1"))
        db.session.rollback()
        found = db.session.scalar(text(f"SHOW {name}"))
        db.session.rollback()
        return str(found)


SETTINGS = {
    "statement": ({"DATABASE_STATEMENT_TIMEOUT": 7.0}, "statement_timeout", "7s"),
    "statement, in part": ({"DATABASE_STATEMENT_TIMEOUT": 0.25}, "statement_timeout", "250ms"),
    "statement, never": ({"DATABASE_STATEMENT_TIMEOUT": 0.0}, "statement_timeout", "0"),
    "lock": ({"DATABASE_LOCK_TIMEOUT": 3.0}, "lock_timeout", "3s"),
    "lock, for ever": ({"DATABASE_LOCK_TIMEOUT": 0.0}, "lock_timeout", "0"),
    "forgotten transaction": ({}, "idle_in_transaction_session_timeout", "5min"),
    "patient mail": (
        {"MAIL_TIMEOUT": 600},
        "idle_in_transaction_session_timeout",
        "150min",
    ),
    "behind a pooler": (
        {"DATABASE_STATEMENT_TIMEOUT": 0.0, "DATABASE_LOCK_TIMEOUT": 0.0},
        "idle_in_transaction_session_timeout",
        "0",
    ),
    "name": ({}, "application_name", "flasky"),
    "name of a release": ({"FLASKY_RELEASE": "42"}, "application_name", "flasky 42"),
}


@pytest.mark.parametrize(("settings", "name", "value"), SETTINGS.values(), ids=SETTINGS)
def test_connection_is_told(make: Make, settings: dict[str, Any], name: str, value: str) -> None:
    assert shown(make(**settings), name) == value


def test_limits_outlive_what_a_connection_is_used_for(make: Make) -> None:
    app = make(DATABASE_STATEMENT_TIMEOUT=7.0)

    with app.app_context(), db.engine.connect() as connection:
        connection.execute(text("SET statement_timeout = 0"))
        connection.rollback()
        connection.execute(text("RESET ALL"))
        assert connection.scalar(text("SHOW statement_timeout")) == "7s"


@pytest.mark.parametrize(
    ("query", "name", "value"),
    [
        ("&application_name=mine", "application_name", "mine"),
        ("&options=-c%20statement_timeout%3D1s", "statement_timeout", "1s"),
        ("&options=-c%20work_mem%3D1MB", "statement_timeout", "15s"),
    ],
)
def test_what_the_url_says_wins(make: Make, query: str, name: str, value: str) -> None:
    assert shown(make(query), name) == value


def test_url_keeps_its_patience() -> None:
    url = make_url("postgresql+psycopg2://host/site?connect_timeout=2")

    assert "connect_timeout" not in connect_args(make_app().config, url)


def test_shortest_limit_is_not_taken_for_none() -> None:
    settings = make_app(DATABASE_STATEMENT_TIMEOUT=0.0001, DATABASE_LOCK_TIMEOUT=0.0).config

    options = connect_args(settings, make_url("postgresql+psycopg2://host/site"))["options"]

    assert "statement_timeout=1 " in options
    assert "lock_timeout=0 " in options


def test_vanished_server_is_noticed(make: Make) -> None:
    chosen = connect_args(make().config, make_url("postgresql+psycopg2://host/site"))

    assert chosen["connect_timeout"] == 5
    assert {"keepalives_idle", "tcp_user_timeout"} <= chosen.keys()


def test_pool_has_the_size_that_is_set(make: Make) -> None:
    app = make(
        DATABASE_POOL_SIZE=2,
        DATABASE_POOL_OVERFLOW=3,
        DATABASE_POOL_TIMEOUT=4,
        DATABASE_POOL_RECYCLE=60,
    )

    with app.app_context():
        pool: Any = db.engine.pool

    assert (pool.size(), pool._max_overflow, pool.timeout(), pool._recycle) == (2, 3, 4, 60)
    assert pool._pre_ping


def test_limits_cost_no_statement(postgres: EphemeralPostgres) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.new_database())
    with migrated(app):
        with counted_statements(app) as seen:
            assert Reader(app).open("/").status == 200

        assert len(seen) == 1


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:////tmp/site.sqlite"])
def test_sqlite_is_told_nothing_of_it(url: str) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=url)

    assert app.config["SQLALCHEMY_ENGINE_OPTIONS"].keys() == {"pool_pre_ping", "hide_parameters"}


def test_commands_may_take_longer_and_leave_the_connection_as_it_was(make: Make) -> None:
    app = make(DATABASE_STATEMENT_TIMEOUT=0.2, DATABASE_POOL_SIZE=1)

    with app.app_context(), without_statement_timeout():
        db.session.execute(text("SELECT pg_sleep(0.5)"))
        db.session.commit()

    assert shown(app, "statement_timeout") == "200ms"


def test_group_of_commands_is_not_bound(make: Make) -> None:
    app = make(DATABASE_STATEMENT_TIMEOUT=0.2)
    slow = TellingGroup("slow")

    @slow.command()
    def sleep() -> None:
        db.session.execute(text("SELECT pg_sleep(0.5)"))

    app.cli.add_command(slow)

    done = app.test_cli_runner().invoke(args=["slow", "sleep"])

    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("words", [["deploy"], ["db", "upgrade"]], ids=" ".join)
def test_migrations_are_not_bound(
    postgres: EphemeralPostgres, tmp_path: Path, words: list[str]
) -> None:
    url = postgres.new_database()
    app = make_app(
        SQLALCHEMY_DATABASE_URI=url, DATABASE_STATEMENT_TIMEOUT=0.2, DATABASE_POOL_SIZE=1
    )
    add_migration(app, tmp_path, 'op.execute("SELECT pg_sleep(0.5)")')

    if words[0] == "db":  # which does not look where the application does
        words = [*words, "--directory", str(tmp_path / "migrations")]
    done = app.test_cli_runner().invoke(args=words)

    assert done.exit_code == 0, done.output
    with app.app_context():
        assert db.session.scalar(text("SELECT version_num FROM alembic_version")) == EXTRA
        db.session.rollback()
    assert shown(app, "statement_timeout") == "200ms"
    assert shown(app, "lock_timeout") == "5s"
    with app.app_context():
        db.engine.dispose()
