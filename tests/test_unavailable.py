"""What a database cannot do now is answered 503, and nothing of it stays behind.

On real databases: statements that wait, transactions that cross, servers that hang up, full disks.
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, event, text

from app.extensions import db

from .databases import EphemeralPostgres, new_sqlite_url
from .reader import Reader
from .test_errors import expect_error_page, expect_unavailable
from .test_races import at_once
from .trouble import Trouble


@pytest.fixture(scope="module")
def trouble(postgres: EphemeralPostgres) -> Iterator[Trouble]:
    """Trouble on PostgreSQL: short limits, and two connections."""
    site = Trouble(
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
def file_trouble(tmp_path: Path) -> Iterator[Trouble]:
    """Trouble on SQLite, where nobody waits long and there is little room."""
    site = Trouble(new_sqlite_url(tmp_path))
    with site.app.app_context():
        db.engine.dispose()

        @event.listens_for(db.engine, "connect")
        def be_strict(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA busy_timeout = 100")
            connection.execute("PRAGMA max_page_count = 8")

    yield site
    site.close()


def expect_clean(site: Trouble) -> None:
    """Check that nothing was left behind, and that the next request works."""
    assert site.connections_in_use() == 0
    assert site.marks() == 2
    page = Reader(site.app).open("/trouble/fine")
    assert (page.status, page.text) == (200, "done")
    with site.app.app_context():
        db.session.execute(text("DELETE FROM marks WHERE name = 'fine'"))
        db.session.commit()


def expect_line(caplog: pytest.LogCaptureFixture, level: int, words: str) -> None:
    """Check that the log has one line about it, and no traceback."""
    [record] = [record for record in caplog.records if "Answered 503" in record.getMessage()]
    assert record.levelno == level
    assert words in record.getMessage()
    assert "\n" not in record.getMessage()
    assert record.exc_info is None


CASES = {
    "slow": ("slow", logging.ERROR, "DATABASE_STATEMENT_TIMEOUT"),
    "connection cut": (
        "cut",
        logging.ERROR,
        "The database did not answer (server closed the connection",
    ),
    "read only": ("read-only", logging.ERROR, "takes no changes"),
    "missing table": ("missing", logging.ERROR, "Run: flask deploy"),
    "missing column": ("missing-column", logging.ERROR, "Run: flask deploy"),
}


@pytest.mark.parametrize(("name", "level", "words"), CASES.values(), ids=CASES)
def test_trouble_is_answered_503(
    trouble: Trouble, caplog: pytest.LogCaptureFixture, name: str, level: int, words: str
) -> None:
    expect_unavailable(Reader(trouble.app).open(f"/trouble/{name}"))

    expect_line(caplog, level, words)
    assert f"GET trouble-{name}" in caplog.text
    expect_clean(trouble)


def test_page_that_was_made_is_sent_when_the_connection_is_lost_afterwards(
    trouble: Trouble,
) -> None:
    page = Reader(trouble.app).open("/trouble/late")

    assert (page.status, page.text) == (200, "done")
    expect_clean(trouble)


def test_bug_has_its_page_when_the_connection_is_lost_as_well(trouble: Trouble) -> None:
    expect_error_page(Reader(trouble.app).open("/trouble/late-bug"), 500)
    expect_clean(trouble)


def test_row_that_somebody_holds_is_answered_503(
    trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    with trouble.app.app_context():
        outside = create_engine(db.engine.url)
    with outside.connect() as other:
        other.execute(text("SELECT name FROM marks FOR UPDATE"))

        expect_unavailable(Reader(trouble.app).open("/trouble/locked"))
    outside.dispose()

    expect_line(caplog, logging.WARNING, "waited too long for a lock")
    expect_clean(trouble)


def test_one_of_two_that_wait_for_each_other_is_answered_503(
    trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    paths = ("/trouble/a/b", "/trouble/b/a")

    pages = at_once(*(lambda path=path: Reader(trouble.app).open(path) for path in paths))

    [refused] = [page for page in pages if page.status != 200]
    expect_unavailable(refused)
    expect_line(caplog, logging.WARNING, "deadlock detected")
    forget_marks(trouble, "deadlock")
    expect_clean(trouble)


def test_one_of_two_that_cannot_be_put_in_order_is_answered_503(
    trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    pages = at_once(*(lambda: Reader(trouble.app).open("/trouble/serial") for _ in range(2)))

    [refused] = [page for page in pages if page.status != 200]
    expect_unavailable(refused)
    expect_line(caplog, logging.WARNING, "could not serialize access")
    forget_marks(trouble, "the mark after 2")
    expect_clean(trouble)


def forget_marks(site: Trouble, name: str) -> None:
    """Delete the mark of the request that did its work, and of it alone."""
    with site.app.app_context():
        found = db.session.execute(
            text("DELETE FROM marks WHERE name = :name RETURNING name"), {"name": name}
        ).all()
        db.session.commit()
    assert len(found) == 1


def test_request_that_finds_no_free_connection_is_answered_503(
    trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    with trouble.app.app_context(), ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(db.engine.connect())

        expect_unavailable(Reader(trouble.app).open("/trouble/fine"))

    expect_line(caplog, logging.ERROR, "DATABASE_POOL_SIZE")
    expect_clean(trouble)


def test_statement_with_a_bug_is_no_outage(
    trouble: Trouble, file_trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    for site in (trouble, file_trouble):
        expect_error_page(Reader(site.app).open("/trouble/bug"), 500)
        expect_clean(site)

    assert [record for record in caplog.records if record.exc_info]
    assert "Answered 503" not in caplog.text


def test_file_without_room_is_answered_503(
    file_trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    expect_unavailable(Reader(file_trouble.app).open("/trouble/full"))

    expect_line(caplog, logging.ERROR, "no room left")
    expect_clean(file_trouble)


def test_file_that_somebody_writes_is_answered_503(
    file_trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    with file_trouble.app.app_context(), db.engine.connect() as other:
        other.execute(text("UPDATE marks SET name = name"))

        expect_unavailable(Reader(file_trouble.app).open("/trouble/fine"))

    expect_line(caplog, logging.WARNING, "waited too long for a lock")
    expect_clean(file_trouble)


def test_database_without_tables_is_one_line_that_says_what_to_run(
    bare_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    expect_unavailable(Reader(bare_app).open("/"))

    expect_line(caplog, logging.ERROR, "Run: flask deploy")


def test_line_in_the_log_holds_no_values(
    trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    def insert() -> str:
        values = {"name": "a secret of somebody"}
        db.session.execute(text("INSERT INTO no_such_table VALUES (:name)"), values)
        return "done"

    trouble.app.view_functions["trouble-fine"], before = (
        lambda **_: insert(),
        trouble.app.view_functions["trouble-fine"],
    )

    expect_unavailable(Reader(trouble.app).open("/trouble/fine"))

    trouble.app.view_functions["trouble-fine"] = before
    assert "INSERT INTO no_such_table" in caplog.text
    assert "a secret of somebody" not in caplog.text
