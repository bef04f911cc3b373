"""Warnings about slow statements."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.extensions import db
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres, new_sqlite_url
from tests.support.log_capture import LogEntry, log_entries, restored_root_logger

Captured = pytest.CaptureFixture[str]
STATEMENT = "SELECT :secret AS\n  word"
ALWAYS = 0.000001  # seconds


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    with restored_root_logger() as logger:
        yield logger


def make_site(url: str, **settings: Any) -> Flask:
    """Return an application with the view /query, which executes a statement."""
    app = make_app(LOG_FORMAT="json", SQLALCHEMY_DATABASE_URI=url, **settings)

    @app.get("/query")
    def query() -> str:
        db.session.execute(text(STATEMENT), {"secret": "ann@example.com"})
        return "done"

    return app


def warnings(app: Flask, capsys: Captured, path: str = "/query") -> list[LogEntry]:
    """Send a request, and return the warnings."""
    capsys.readouterr()
    app.test_client().get(path)
    entries = log_entries(capsys, "app.logs.slow")
    with app.app_context():
        db.engine.dispose()
    return entries


@pytest.fixture
def url(tmp_path: Path) -> str:
    return new_sqlite_url(tmp_path)


@pytest.mark.parametrize("limit", [0, 1_000])
def test_fast_statement_is_not_logged(url: str, capsys: Captured, limit: float) -> None:
    app = make_site(url, FLASKY_SLOW_DB_QUERY_TIME=limit)

    assert warnings(app, capsys) == []


def test_slow_statement_is_logged_without_values(url: str, capsys: Captured) -> None:
    make_site(url)  # a second application must not log it twice
    app = make_site(url, FLASKY_SLOW_DB_QUERY_TIME=ALWAYS)

    (entry,) = warnings(app, capsys)

    assert entry["level"] == "WARNING"
    assert entry["endpoint"] == "query"
    assert entry["statement"] == "SELECT ? AS word"
    assert entry["message"].endswith("s in query: SELECT ? AS word")
    assert "ann@example.com" not in str(entry)


def test_slow_statement_of_a_command_is_not_logged(url: str) -> None:
    app = make_site(url, FLASKY_SLOW_DB_QUERY_TIME=ALWAYS)

    @app.cli.command("query")
    def query() -> None:
        db.session.execute(text("SELECT 1"))

    assert app.test_cli_runner().invoke(args=["query"], catch_exceptions=False).stderr == ""


def test_slow_statement_of_a_job_is_logged(url: str, capsys: Captured) -> None:
    app = make_site(url, FLASKY_SLOW_DB_QUERY_TIME=ALWAYS)
    capsys.readouterr()

    with app.app_context():
        db.session.execute(text("SELECT 1"))
        db.session.remove()
        db.engine.dispose()

    (entry,) = log_entries(capsys, "app.logs.slow")
    assert entry["message"].endswith("s in no request: SELECT 1")


def test_duration_is_that_of_the_statement(postgres: EphemeralPostgres, capsys: Captured) -> None:
    app = make_site(postgres.new_database(), FLASKY_SLOW_DB_QUERY_TIME=0.2)
    app.add_url_rule("/sleep", "sleep", sleep)

    (entry,) = warnings(app, capsys, "/sleep")

    assert entry["statement"] == "SELECT pg_sleep(%(time)s)"
    assert entry["duration_ms"] >= 250


def sleep() -> str:
    db.session.execute(text("SELECT 1"))
    db.session.execute(text("SELECT pg_sleep(:time)"), {"time": 0.25})
    return "done"


def test_statement_that_timed_out_is_logged(postgres: EphemeralPostgres, capsys: Captured) -> None:
    app = make_site(postgres.new_database(), FLASKY_SLOW_DB_QUERY_TIME=0.1)
    capsys.readouterr()

    with app.app_context():
        db.session.execute(text("SET statement_timeout = '150ms'"))
        with pytest.raises(OperationalError):
            db.session.execute(text("SELECT pg_sleep(:time)"), {"time": 20})
        db.session.remove()
        db.engine.dispose()

    (entry,) = log_entries(capsys, "app.logs.slow")
    assert "pg_sleep" in entry["statement"]
