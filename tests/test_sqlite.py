"""SQLite behaves like a database server, as far as it can."""

from pathlib import Path

import pytest
from sqlalchemy import text

from app.extensions import db

from .databases import migrated, new_sqlite_url
from .factories import Factory
from .reader import Reader
from .settings import make_app


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("foreign_keys", 1), ("journal_mode", "wal"), ("busy_timeout", 5000), ("synchronous", 1)],
)
def test_every_connection_is_told(tmp_path: Path, pragma: str, value: object) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path))

    with app.app_context(), db.engine.connect() as first, db.engine.connect() as second:
        for connection in (first, second):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    with app.app_context():
        db.engine.dispose()


def test_pages_are_read_while_somebody_writes(tmp_path: Path) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path))
    with migrated(app):
        make = Factory(app)
        make.post(make.user("ann"), "What was there before")
        with app.app_context(), db.engine.connect() as writer:
            writer.execute(text("UPDATE posts SET body_html = 'not committed yet'"))

            page = Reader(app).open("/")

    assert page.status == 200
    assert "What was there before" in page.text
