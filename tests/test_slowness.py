"""What takes too long is told, with the page and the statement, and without anybody's values."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.extensions import db
from tests.databases import EphemeralPostgres, new_sqlite_url
from tests.logbook import Line, restored_root, written
from tests.settings import make_app

Captured = pytest.CaptureFixture[str]
STATEMENT = "SELECT :secret AS\n  word"
AT_ONCE = 0.000001  # seconds that everything takes


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    with restored_root() as logger:
        yield logger


def make_site(url: str, **settings: Any) -> Flask:
    """Return a site with the page /slow, which asks its database one question."""
    quiet = {"FLASKY_SLOW_REQUEST_TIME": 0, "FLASKY_SLOW_DB_QUERY_TIME": 0}
    given = {"FLASKY_LOG_FORMAT": "json", "SQLALCHEMY_DATABASE_URI": url}
    app = make_app(**{**quiet, **given, **settings})

    @app.get("/slow")
    def slow() -> str:
        db.session.execute(text(STATEMENT), {"secret": "ann@example.com"})
        return "done"

    return app


def warnings(app: Flask, capsys: Captured, path: str = "/slow") -> list[Line]:
    """Open the page, and return what slowness was told of."""
    capsys.readouterr()
    app.test_client().get(path)
    found = written(capsys, "app.slowness")
    with app.app_context():
        db.engine.dispose()
    return found


@pytest.fixture
def url(tmp_path: Path) -> str:
    return new_sqlite_url(tmp_path)


@pytest.mark.parametrize("limit", [0, 1_000])
def test_what_is_quick_enough_is_not_told(url: str, capsys: Captured, limit: float) -> None:
    app = make_site(url, FLASKY_SLOW_REQUEST_TIME=limit, FLASKY_SLOW_DB_QUERY_TIME=limit)

    assert warnings(app, capsys) == []


def test_slow_request_is_told_with_its_page(url: str, capsys: Captured) -> None:
    app = make_site(url, FLASKY_SLOW_REQUEST_TIME=AT_ONCE)

    (line,) = warnings(app, capsys)

    assert line["level"] == "WARNING"
    assert line["message"].startswith("Slow request: slow took ")
    assert line["endpoint"] == "slow"
    assert line["duration_ms"] >= 0
    assert line["request_id"]


@pytest.mark.parametrize("path", ["/nowhere", "/static/none.css"])
def test_slow_request_for_nothing_is_told_too(url: str, capsys: Captured, path: str) -> None:
    app = make_site(url, FLASKY_SLOW_REQUEST_TIME=AT_ONCE)

    assert len(warnings(app, capsys, path)) == 1


def test_slow_statement_is_told_with_its_page_and_without_values(
    url: str, capsys: Captured
) -> None:
    app = make_site(url, FLASKY_SLOW_DB_QUERY_TIME=AT_ONCE)

    (line,) = warnings(app, capsys)

    assert line["level"] == "WARNING"
    assert line["endpoint"] == "slow"
    assert line["statement"] == "SELECT ? AS word"
    assert line["message"].endswith("s in slow: SELECT ? AS word")
    assert "ann@example.com" not in str(line)


def test_statement_is_told_once_however_many_applications_there_are(
    url: str, capsys: Captured
) -> None:
    make_site(url)
    make_site(url)

    assert len(warnings(make_site(url, FLASKY_SLOW_DB_QUERY_TIME=AT_ONCE), capsys)) == 1


def test_slow_statement_of_a_command_is_not_told(url: str, capsys: Captured) -> None:
    app = make_site(url, FLASKY_SLOW_DB_QUERY_TIME=AT_ONCE)

    @app.cli.command("ask")
    def ask() -> None:
        db.session.execute(text("SELECT 1"))

    assert app.test_cli_runner().invoke(args=["ask"], catch_exceptions=False).stderr == ""


def test_slow_statement_of_a_job_is_told_too(url: str, capsys: Captured) -> None:
    app = make_site(url, FLASKY_SLOW_DB_QUERY_TIME=AT_ONCE)
    capsys.readouterr()

    with app.app_context():
        db.session.execute(text("SELECT 1"))
        db.session.remove()
        db.engine.dispose()

    (line,) = written(capsys, "app.slowness")
    assert line["message"].endswith("s in no request: SELECT 1")


def test_statement_that_really_is_slow_is_told_with_the_time_it_took(
    postgres: EphemeralPostgres, capsys: Captured
) -> None:
    app = make_site(postgres.new_database(), FLASKY_SLOW_DB_QUERY_TIME=0.2)
    app.add_url_rule("/nap", "nap", nap)

    (line,) = warnings(app, capsys, "/nap")

    assert line["statement"] == "SELECT pg_sleep(%(time)s)"
    assert line["duration_ms"] >= 250


def nap() -> str:
    db.session.execute(text("SELECT 1"))
    db.session.execute(text("SELECT pg_sleep(:time)"), {"time": 0.25})
    return "done"


def test_statement_that_the_database_gave_up_is_told_too(
    postgres: EphemeralPostgres, capsys: Captured
) -> None:
    app = make_site(postgres.new_database(), FLASKY_SLOW_DB_QUERY_TIME=0.1)
    capsys.readouterr()

    with app.app_context():
        db.session.execute(text("SET statement_timeout = '150ms'"))
        with pytest.raises(OperationalError):
            db.session.execute(text("SELECT pg_sleep(:time)"), {"time": 20})
        db.session.remove()
        db.engine.dispose()

    (line,) = written(capsys, "app.slowness")
    assert "pg_sleep" in line["statement"]
