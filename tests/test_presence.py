"""A page that is made is sent, even if the visit cannot be noted."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from app.extensions import db
from app.models import User

from .factories import Factory
from .reader import Reader

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
READ_ONLY = {
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}


@pytest.fixture
def read_only(app: Flask, make: Factory, reader: Reader) -> Iterator[Reader]:
    """Ann, who is logged in and was not here for long; the database takes no changes now."""
    ann = make.user()
    reader.log_in(ann)
    with app.app_context():
        db.session.get_one(User, ann.id).last_seen = LONG_AGO
        db.session.commit()
        engine = db.engine

    def forbid(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(READ_ONLY[engine.dialect.name])
        cursor.close()
        connection.commit()

    engine.dispose()
    event.listen(engine, "connect", forbid)
    yield reader
    event.remove(engine, "connect", forbid)
    engine.dispose()


def test_member_reads_while_the_database_takes_no_changes(
    read_only: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    page = read_only.open("/followed")

    assert page.status == 200
    assert "A visit was not noted: " in caplog.text
