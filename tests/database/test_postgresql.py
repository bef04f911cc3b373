"""The options of PostgreSQL connections, as the server reports them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, make_url, text
from sqlalchemy.exc import OperationalError

from app.database.postgresql import connect_args
from app.extensions import db
from app.health.checks import Readiness
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres, migrated, record_statements
from tests.support.dripping_server import dripping_server
from tests.support.http_client import SiteClient

MakeApp = Callable[..., Flask]
URL = make_url("postgresql+psycopg2://host/site")


@pytest.fixture
def make_postgres_app(postgres: EphemeralPostgres) -> Iterator[MakeApp]:
    """A factory of applications on PostgreSQL, whose connections are closed afterwards."""
    with ExitStack() as stack:

        def close(app: Flask) -> None:
            with app.app_context():
                db.engine.dispose()

        def make(query: str = "", **settings: Any) -> Flask:
            app = make_app(SQLALCHEMY_DATABASE_URI=postgres.url("postgres") + query, **settings)
            stack.callback(close, app)
            return app

        yield make


def show(app: Flask, parameter: str) -> str:
    """Return a parameter of a connection that was returned to the pool before."""
    with app.app_context():
        db.session.execute(text("SELECT 1"))
        db.session.rollback()
        value = db.session.scalar(text(f"SHOW {parameter}"))
        db.session.rollback()
        return str(value)


PARAMETERS = {
    "statement timeout": ({"DATABASE_STATEMENT_TIMEOUT": 7.0}, "statement_timeout", "7s"),
    "fraction": ({"DATABASE_STATEMENT_TIMEOUT": 0.25}, "statement_timeout", "250ms"),
    "no compilation": ({}, "jit", "off"),
    "no statement timeout": ({"DATABASE_STATEMENT_TIMEOUT": 0.0}, "statement_timeout", "0"),
    "lock timeout": ({"DATABASE_LOCK_TIMEOUT": 3.0}, "lock_timeout", "3s"),
    "no lock timeout": ({"DATABASE_LOCK_TIMEOUT": 0.0}, "lock_timeout", "0"),
    "idle transaction": ({}, "idle_in_transaction_session_timeout", "5min"),
    "behind a pooler": (
        {"DATABASE_STATEMENT_TIMEOUT": 0.0, "DATABASE_LOCK_TIMEOUT": 0.0},
        "idle_in_transaction_session_timeout",
        "0",
    ),
    "name": ({}, "application_name", "flasky"),
    "name with release": ({"RELEASE": "42"}, "application_name", "flasky 42"),
}


@pytest.mark.parametrize(("settings", "name", "value"), PARAMETERS.values(), ids=PARAMETERS)
def test_parameters_of_a_connection(
    make_postgres_app: MakeApp, settings: dict[str, Any], name: str, value: str
) -> None:
    assert show(make_postgres_app(**settings), name) == value


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "EUC_JP"])
def test_other_encodings_than_utf8_are_refused(postgres: EphemeralPostgres, encoding: str) -> None:
    """Debian creates a cluster with SQL_ASCII where no locale is set."""
    url = postgres.new_database(f"ENCODING {encoding} TEMPLATE template0 LOCALE 'C'")
    app = make_app(SQLALCHEMY_DATABASE_URI=url)
    message = f"The encoding of the database is {encoding}, not UTF8. Create another one"

    deployed = app.test_cli_runner().invoke(args=["deploy"])
    readiness = Readiness(app).results()["database"]

    assert deployed.exit_code == 1
    assert deployed.output.startswith(f"Error: {message}")
    assert len(deployed.output.splitlines()) == 1
    assert not readiness.ok
    assert readiness.detail.startswith(message)
    with app.app_context():
        assert inspect(db.engine).get_table_names() == []
        db.engine.dispose()


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_database_as_documented_is_accepted(postgres: EphemeralPostgres, locale: str) -> None:
    url = postgres.new_database(f"ENCODING UTF8 TEMPLATE template0 LOCALE '{locale}'")
    app = make_app(SQLALCHEMY_DATABASE_URI=url)

    assert app.test_cli_runner().invoke(args=["deploy"]).exit_code == 0
    assert Readiness(app).results()["database"].ok
    with app.app_context():
        db.engine.dispose()


def test_text_is_utf8_whatever_the_environment_says(
    make_postgres_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")

    with make_postgres_app().app_context():
        assert db.session.scalar(text("SELECT :word"), {"word": "You’re 好"}) == "You’re 好"
        db.session.rollback()


def test_rollback_and_reset_keep_the_timeouts(make_postgres_app: MakeApp) -> None:
    app = make_postgres_app(DATABASE_STATEMENT_TIMEOUT=7.0)

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
def test_query_string_of_the_url_wins(
    make_postgres_app: MakeApp, query: str, name: str, value: str
) -> None:
    assert show(make_postgres_app(query), name) == value


def test_connect_timeout_of_the_url_wins() -> None:
    url = make_url("postgresql+psycopg2://host/site?connect_timeout=2")

    assert "connect_timeout" not in connect_args(make_app().config, url)


def test_smallest_timeout_is_not_rounded_to_none() -> None:
    config = make_app(DATABASE_STATEMENT_TIMEOUT=0.0001, DATABASE_LOCK_TIMEOUT=0.0).config

    options = connect_args(config, URL)["options"]

    assert "statement_timeout=1 " in options
    assert "lock_timeout=0 " in options


def test_lost_server_is_detected_within_seconds() -> None:
    arguments = connect_args(make_app().config, URL)

    keepalives = [arguments[f"keepalives_{name}"] for name in ("idle", "interval", "count")]
    assert arguments["connect_timeout"] == 5
    assert arguments["tcp_user_timeout"] == 20_000
    assert keepalives == [10, 5, 3]


def test_pool_has_the_configured_size(make_postgres_app: MakeApp) -> None:
    app = make_postgres_app(
        DATABASE_POOL_SIZE=2,
        DATABASE_POOL_OVERFLOW=3,
        DATABASE_POOL_TIMEOUT=4,
        DATABASE_POOL_RECYCLE=60,
    )

    with app.app_context():
        pool: Any = db.engine.pool

    assert (pool.size(), pool._max_overflow, pool.timeout(), pool._recycle) == (2, 3, 4, 60)
    assert pool._pre_ping


def test_timeouts_cost_no_statement(postgres: EphemeralPostgres) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.new_database())
    with migrated(app):
        with record_statements(app) as statements:
            assert SiteClient(app).open("/").status == 200

        assert len(statements) == 1


def test_sqlite_has_no_such_options() -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI="sqlite:////tmp/site.sqlite")

    assert app.config["SQLALCHEMY_ENGINE_OPTIONS"].keys() == {"pool_pre_ping", "hide_parameters"}


@pytest.mark.slow
@pytest.mark.parametrize("reply", [b"R\0\0\4\0", b"E\0\0\x40\0"], ids=["authentication", "error"])
def test_connect_timeout_is_for_the_whole_connection(reply: bytes) -> None:
    """Of a server that sends one byte at a time."""
    with dripping_server(reply, byte=b"\0") as port:
        url = f"postgresql+psycopg2://127.0.0.1:{port}/site?sslmode=disable"
        app = make_app(SQLALCHEMY_DATABASE_URI=url, DATABASE_CONNECT_TIMEOUT=2)
        with app.app_context(), pytest.raises(OperationalError, match="timeout expired"):
            db.session.execute(text("SELECT 1"))
