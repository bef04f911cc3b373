"""503: what the database cannot do now is logged in one line and rolled back."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, event, text

from app.extensions import db
from tests.errors.test_handlers import expect_error_page, expect_unavailable
from tests.support.concurrency import run_concurrently
from tests.support.database_faults import SECRET, DatabaseFaultSite
from tests.support.databases import EphemeralPostgres, new_sqlite_url
from tests.support.http_client import Page, SiteClient

Log = pytest.LogCaptureFixture


@pytest.fixture(scope="module")
def site(postgres: EphemeralPostgres) -> Iterator[DatabaseFaultSite]:
    """The site on PostgreSQL, with short timeouts and two connections."""
    site = DatabaseFaultSite(
        postgres.new_database(),
        DATABASE_STATEMENT_TIMEOUT=0.8,
        DATABASE_LOCK_TIMEOUT=0.2,
        DATABASE_POOL_SIZE=2,
        DATABASE_POOL_OVERFLOW=0,
        DATABASE_POOL_TIMEOUT=0,
    )
    yield site
    site.close()


@pytest.fixture
def sqlite_site(tmp_path: Path) -> Iterator[DatabaseFaultSite]:
    """The site on SQLite, with a short timeout and a small file."""
    site = DatabaseFaultSite(new_sqlite_url(tmp_path))
    with site.app.app_context():
        db.engine.dispose()

        @event.listens_for(db.engine, "connect")
        def limit(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA busy_timeout = 100")
            connection.execute("PRAGMA max_page_count = 8")

    yield site
    site.close()


def get(site: DatabaseFaultSite, name: str) -> Page:
    return SiteClient(site.app).open(f"/fault/{name}")


def expect_clean(site: DatabaseFaultSite, added: int = 0) -> None:
    """Check that only `added` items were committed, and that the next request succeeds."""
    assert site.connections_in_use() == 0
    assert len(site.added_items()) == added
    assert get(site, "ok").text == "done"
    site.delete_added_items()


def expect_one_line(caplog: Log, level: int, message: str) -> None:
    """Check that the error was logged in one line without a traceback."""
    [record] = [record for record in caplog.records if "Returned 503" in record.getMessage()]
    assert record.levelno == level
    assert message in record.getMessage()
    assert "\n" not in record.getMessage()
    assert record.exc_info is None


FAULTS = {
    "slow": "DATABASE_STATEMENT_TIMEOUT",
    "disconnect": "(server closed the connection",
    "read-only": "(cannot execute INSERT in a read-only transaction",
    "missing-table": "Run: flask deploy",
    "missing-column": "Run: flask deploy",
}


@pytest.mark.postgresql
@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_503_and_rolled_back(site: DatabaseFaultSite, caplog: Log, name: str) -> None:
    expect_unavailable(get(site, name))

    expect_one_line(caplog, logging.ERROR, FAULTS[name])
    assert f"Returned 503: GET fault-{name}" in caplog.text
    expect_clean(site)


@pytest.mark.postgresql
def test_finished_page_is_sent_if_the_connection_is_lost_afterwards(
    site: DatabaseFaultSite,
) -> None:
    page = get(site, "late-disconnect")

    assert (page.status, page.text) == (200, "done")
    expect_clean(site)


@pytest.mark.postgresql
def test_bug_is_500_if_the_connection_is_lost_too(site: DatabaseFaultSite) -> None:
    expect_error_page(get(site, "late-bug"), 500)
    expect_clean(site)


@pytest.mark.postgresql
def test_locked_row_is_503(site: DatabaseFaultSite, caplog: Log) -> None:
    with site.app.app_context():
        engine = create_engine(db.engine.url)
    with engine.connect() as other:
        other.execute(text("SELECT name FROM items FOR UPDATE"))

        expect_unavailable(get(site, "locked"))
    engine.dispose()

    expect_one_line(caplog, logging.WARNING, "lock")
    expect_clean(site)


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a/b", "b/a"), "deadlock detected"),
        (("serialization", "serialization"), "could not serialize access"),
    ],
    ids=["deadlock", "serialization"],
)
def test_one_of_two_conflicting_transactions_is_503(
    site: DatabaseFaultSite, caplog: Log, names: tuple[str, str], message: str
) -> None:
    pages = run_concurrently(*(lambda name=name: get(site, name) for name in names))

    [failed] = [page for page in pages if page.status != 200]
    expect_unavailable(failed)
    expect_one_line(caplog, logging.WARNING, message)
    expect_clean(site, added=1)


@pytest.mark.postgresql
def test_exhausted_connection_pool_is_503(site: DatabaseFaultSite, caplog: Log) -> None:
    with site.app.app_context(), ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(db.engine.connect())

        expect_unavailable(get(site, "ok"))

    expect_one_line(caplog, logging.ERROR, "DATABASE_POOL_SIZE")
    expect_clean(site)


@pytest.mark.postgresql
def test_log_has_the_statement_without_its_values(site: DatabaseFaultSite, caplog: Log) -> None:
    expect_unavailable(get(site, "values"))

    assert "INSERT INTO no_such_table" in caplog.text
    assert SECRET not in caplog.text
    expect_clean(site)


@pytest.mark.postgresql
def test_syntax_error_is_500_on_postgresql(site: DatabaseFaultSite, caplog: Log) -> None:
    expect_bug(site, caplog)


def test_syntax_error_is_500_on_sqlite(sqlite_site: DatabaseFaultSite, caplog: Log) -> None:
    expect_bug(sqlite_site, caplog)


def expect_bug(site: DatabaseFaultSite, caplog: Log) -> None:
    expect_error_page(get(site, "syntax"), 500)

    assert [record for record in caplog.records if record.exc_info]
    assert "Returned 503" not in caplog.text
    expect_clean(site)


def test_full_sqlite_file_is_503(sqlite_site: DatabaseFaultSite, caplog: Log) -> None:
    expect_unavailable(get(sqlite_site, "full"))

    expect_one_line(caplog, logging.ERROR, "(database or disk is full")
    expect_clean(sqlite_site)


def test_locked_sqlite_file_is_503(sqlite_site: DatabaseFaultSite, caplog: Log) -> None:
    with sqlite_site.app.app_context(), db.engine.connect() as other:
        other.execute(text("UPDATE items SET name = name"))

        expect_unavailable(get(sqlite_site, "ok"))

    expect_one_line(caplog, logging.WARNING, "lock")
    expect_clean(sqlite_site)


@pytest.mark.both_databases
def test_database_without_tables_is_503(bare_app: Flask, caplog: Log) -> None:
    expect_unavailable(SiteClient(bare_app).open("/user/ann"))

    expect_one_line(caplog, logging.ERROR, "Run: flask deploy")
