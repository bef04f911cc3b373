"""Sites whose database has really gone away, after somebody has logged in."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

from app.extensions import db

from .databases import EphemeralPostgres, migrated, new_sqlite_url
from .factories import Factory
from .reader import Reader
from .settings import make_app


@contextmanager
def site_with_a_member(url: str) -> Iterator[tuple[Flask, Reader]]:
    """Give a site on the database `url`, and somebody who has logged in to stay."""
    settings: dict[str, Any] = {"SQLALCHEMY_DATABASE_URI": url, "PROPAGATE_EXCEPTIONS": False}
    app = make_app(**settings)
    with migrated(app):
        yield app, Reader(app).log_in(Factory(app).user("ann"), remember_me="y")


@contextmanager
def site_whose_file_became_a_folder() -> Iterator[Reader]:
    """Give a reader of a site on SQLite, where a folder took the place of the file."""
    with tempfile.TemporaryDirectory() as name:
        url = new_sqlite_url(Path(name))
        with site_with_a_member(url) as (app, reader):
            with app.app_context():
                db.engine.dispose()
            for file in Path(name).iterdir():
                file.unlink()
            Path(url.removeprefix("sqlite:///")).mkdir()
            yield reader


@contextmanager
def site_whose_server_has_stopped() -> Iterator[Reader]:
    """Give a reader of a site on PostgreSQL, whose server has stopped."""
    with (
        EphemeralPostgres() as postgres,
        site_with_a_member(postgres.new_database()) as (_app, reader),
    ):
        postgres.server.cleanup()
        yield reader
