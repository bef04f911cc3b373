"""Sites whose database has become unavailable, with a client that is logged in."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from app.extensions import db
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres, migrated, new_sqlite_url
from tests.support.factories import Factory
from tests.support.http_client import SiteClient


@contextmanager
def site_with_user(url: str) -> Iterator[tuple[Flask, SiteClient]]:
    """Yield an application on the database `url`, and a logged-in client."""
    app = make_app(SQLALCHEMY_DATABASE_URI=url, PROPAGATE_EXCEPTIONS=False)
    with migrated(app):
        yield app, SiteClient(app).log_in(Factory(app).user("ann"), remember_me="y")


@contextmanager
def site_with_unusable_sqlite_file() -> Iterator[SiteClient]:
    """Yield a logged-in client of a site whose SQLite file was replaced by a directory."""
    with tempfile.TemporaryDirectory() as directory:
        url = new_sqlite_url(Path(directory))
        with site_with_user(url) as (app, client):
            with app.app_context():
                db.engine.dispose()
            for file in Path(directory).iterdir():
                file.unlink()
            Path(url.removeprefix("sqlite:///")).mkdir()
            yield client


@contextmanager
def site_with_stopped_postgres() -> Iterator[SiteClient]:
    """Yield a logged-in client of a site whose PostgreSQL server was stopped."""
    with (
        EphemeralPostgres() as postgres,
        site_with_user(postgres.new_database()) as (_app, client),
    ):
        postgres.server.cleanup()
        yield client
