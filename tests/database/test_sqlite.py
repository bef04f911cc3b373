"""SQLite is configured to behave like a database server, as far as possible."""

from pathlib import Path

from sqlalchemy import text

from app.extensions import db
from tests.support.app_factory import make_app
from tests.support.databases import migrated, new_sqlite_url
from tests.support.factories import Factory
from tests.support.http_client import SiteClient

PRAGMAS = {"foreign_keys": 1, "journal_mode": "wal", "busy_timeout": 5000, "synchronous": 1}


def test_pragmas_are_set_on_every_connection(tmp_path: Path) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path))

    with app.app_context(), db.engine.connect() as first, db.engine.connect() as second:
        for connection in (first, second):
            values = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS
            }
            assert values == PRAGMAS
    with app.app_context():
        db.engine.dispose()


def test_writer_does_not_block_readers(tmp_path: Path) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path))
    with migrated(app):
        make = Factory(app)
        make.post(make.user("ann"), "Committed text")
        with app.app_context(), db.engine.connect() as writer:
            writer.execute(text("UPDATE posts SET body_html = 'not committed'"))

            page = SiteClient(app).open("/")

    assert page.status == 200
    assert "Committed text" in page.text
