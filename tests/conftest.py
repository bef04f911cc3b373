"""What every test can ask for: the site on each database, readers, letters, data."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from app.extensions import db, limiter

from .cast import Stage
from .databases import EphemeralPostgres, clean, migrated, new_sqlite_url
from .factories import Factory
from .mailbox import Mailbox
from .reader import Reader
from .repository import ROOT
from .settings import make_app

pytest_plugins = ["tests.no_skips"]

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


# Folders of what takes npm or podman, and the marks that their tests get.
ROADS = {"paas": "roads", "containers": "roads", "hosting": "hosting"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the roads to production by their folders."""
    for item in items:
        mark = ROADS.get(item.path.relative_to(ROOT / "tests").parts[0])
        if mark is not None:
            item.add_marker(mark)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EphemeralPostgres]:
    """A real PostgreSQL server, empty, for this run of the tests."""
    with EphemeralPostgres() as server:
        yield server


@pytest.fixture(scope="session")
def mail_server() -> Iterator[Mailbox]:
    """A real SMTP server that keeps what it is sent."""
    with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture(scope="session", params=DATABASES)
def shared_app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, mail_server: Mailbox
) -> Iterator[Flask]:
    """The site with all migrations run: once on SQLite, once on PostgreSQL."""
    url = database_url(request, tmp_path_factory.mktemp("database"))
    app = make_app(SQLALCHEMY_DATABASE_URI=url, **mail_server.settings)
    with migrated(app):
        yield app


def database_url(request: pytest.FixtureRequest, folder: Path) -> str:
    """Return the URL of a new database of the kind that the test is parametrised with."""
    if request.param == "sqlite":
        return new_sqlite_url(folder)
    server: EphemeralPostgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture(params=DATABASES)
def bare_app(
    request: pytest.FixtureRequest, tmp_path: Path, mail_server: Mailbox
) -> Iterator[Flask]:
    """The site on an empty database of its own, without a single table."""
    app = make_app(SQLALCHEMY_DATABASE_URI=database_url(request, tmp_path), **mail_server.settings)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(shared_app: Flask, mail_server: Mailbox) -> Iterator[Flask]:
    """The site with roles and nothing else; a test runs on SQLite and on PostgreSQL."""
    mail_server.clear()
    with shared_app.app_context():
        limiter.reset()
    yield shared_app
    clean(shared_app)


@pytest.fixture(scope="session")
def set_stage(shared_app: Flask) -> Stage:
    """The stage, before any test; what is on it is put back by whoever enters."""
    stage = Stage(shared_app)
    clean(shared_app)
    return stage


@pytest.fixture
def stage(app: Flask, set_stage: Stage) -> Stage:
    """The cast of every kind of reader, logged in: `stage.enter("author")`."""
    return set_stage


@pytest.fixture
def letters(mail_server: Mailbox) -> Mailbox:
    """What the mail server got during this test."""
    return mail_server


@pytest.fixture
def make(app: Flask) -> Factory:
    """Makes people, posts and comments: `make.user("ann")`."""
    return Factory(app)


@pytest.fixture
def reader(app: Flask) -> Reader:
    """Somebody with a browser, without JavaScript, who has not logged in."""
    return Reader(app)


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    """The command line."""
    return app.test_cli_runner()
