"""Exports are read and sent in bounded pieces, and end."""

import json
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app import data_export
from app.data_export import CHUNK, MAX_RUNNING, MAX_SECONDS, DataExport, TooManyExports
from app.extensions import db
from app.models import OutboxEmail, User, utcnow
from tests.support.databases import record_statements
from tests.support.exports import texts_of
from tests.support.factories import Factory, UserData

pytestmark = pytest.mark.both_databases


def new_export(app: Flask, user: UserData) -> DataExport:
    with app.app_context():
        return DataExport(db.session.get_one(User, user.id), "Read me")


def add_emails(app: Flask, user: UserData, number: int, subject: str = "Hello") -> None:
    """Add rows of a kind that each project has; three each have the same time."""
    first = utcnow()
    columns = {"recipient": user.email, "body_text": "", "body_html": ""}
    with app.app_context():
        for i in range(number):
            created_at = first + timedelta(minutes=i // 3)
            db.session.add(OutboxEmail(subject=f"{subject} {i}", created_at=created_at, **columns))
        db.session.commit()


@pytest.fixture
def ann(app: Flask, make: Factory) -> Iterator[UserData]:
    """A user without an export at the end."""
    yield make.user("ann")
    DataExport._running.clear()


def emails_in(archive: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(texts_of(archive)["emails.json"])
    return rows


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 5])
def test_each_row_is_in_the_archive_once(
    app: Flask, ann: UserData, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(data_export, "BATCH", 2)
    add_emails(app, ann, number)

    rows = emails_in(b"".join(new_export(app, ann)))

    assert [row["subject"] for row in rows] == [f"Hello {i}" for i in reversed(range(number))]


def test_one_statement_reads_a_batch(
    app: Flask, ann: UserData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_export, "BATCH", 10)
    counts = []
    for _ in range(2):
        add_emails(app, ann, 25)
        with record_statements(app) as executed:
            list(new_export(app, ann))
        DataExport._running.clear()
        counts.append(sum("outbox_emails" in statement for statement in executed))

    assert counts == [3, 6]


def test_connection_is_returned_before_each_chunk(
    app: Flask, ann: UserData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_export, "BATCH", 10)
    monkeypatch.setattr(data_export, "CHUNK", 1)
    add_emails(app, ann, 50)
    export = new_export(app, ann)
    with app.app_context():
        pool: Any = db.engine.pool

    assert {pool.checkedout() for _chunk in export} == {0}


def test_memory_does_not_grow_with_the_rows(
    app: Flask, ann: UserData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_export, "BATCH", 20)
    peaks = []
    for _ in range(2):
        add_emails(app, ann, 400, "x" * 200)
        export = new_export(app, ann)
        for _chunk in export:  # compiles statements
            pass
        tracemalloc.start()
        for _chunk in export:
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        export.close()

    assert peaks[1] < 1.3 * peaks[0]


def test_chunks_are_small_enough_for_slow_clients(app: Flask, make: Factory) -> None:
    text = "".join(map(chr, range(0x4E00, 0x9FA5)))  # hardly compressible
    carol = make.user("carol", about_me=text * 10)
    with app.app_context():
        readme = db.session.get_one(User, carol.id).about_me or ""
        export = DataExport(db.session.get_one(User, carol.id), readme)

    chunks = list(export)
    export.close()

    assert len(chunks) > 1
    assert max(map(len, chunks)) <= CHUNK
    assert texts_of(b"".join(chunks))["README.md"] == readme


def test_text_that_is_not_unicode_is_replaced(app: Flask, ann: UserData) -> None:
    with app.app_context():
        export = DataExport(db.session.get_one(User, ann.id), "Half a pair: \ud83d")

    assert texts_of(b"".join(export))["README.md"] == "Half a pair: ?"


def test_download_that_takes_too_long_is_cut_off(app: Flask, ann: UserData) -> None:
    export = new_export(app, ann)
    export.deadline -= MAX_SECONDS + 1

    with pytest.raises(TimeoutError, match="took too long"):
        list(export)


def test_number_of_downloads_is_limited(app: Flask, make: Factory, ann: UserData) -> None:
    others = [make.user(f"user{i}") for i in range(MAX_RUNNING)]
    exports = [new_export(app, user) for user in others]

    with pytest.raises(TooManyExports):
        new_export(app, ann)
    exports[0].close()
    new_export(app, ann)
    with pytest.raises(TooManyExports):
        new_export(app, ann)


def test_download_that_was_never_closed_does_not_count_for_ever(
    app: Flask, ann: UserData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_export, "MAX_SECONDS", -1)
    first = new_export(app, ann)
    monkeypatch.setattr(data_export, "MAX_SECONDS", MAX_SECONDS)
    new_export(app, ann)

    first.close()  # of the earlier one

    with pytest.raises(TooManyExports):
        new_export(app, ann)
