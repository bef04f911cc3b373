"""Fixtures for all tests: the application on each database, clients, email, data."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from app.extensions import db
from tests.support.app_factory import make_app
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.databases import EphemeralPostgres, clear_database, migrated, new_sqlite_url
from tests.support.factories import Factory
from tests.support.http_client import SiteClient
from tests.support.leftovers import cleaned_up
from tests.support.mailbox import Mailbox
from tests.support.repository import ROOT
from tests.support.roles import RoleClients
from tests.support.rows import reset_rate_limits

pytest_plugins = ["tests.support.no_skips"]

# No test depends on the speed of the machine.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")

# Markers that tests get from the folder they are in.
MARKERS = {"platforms": "platforms"}
# Where the database makes a difference. Elsewhere, mark tests with `both_databases`.
DATABASE_FOLDERS = {"database", "migrations"}
DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


def folder(path: Path) -> str:
    """Return the folder of a test below tests/."""
    return path.relative_to(ROOT / "tests").parts[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that have a `make` target of their own."""
    for item in items:
        if marker := MARKERS.get(folder(item.path)):
            item.add_marker(marker)
        if "postgres" in getattr(item, "fixturenames", ()):
            item.add_marker("postgresql")


def pytest_collection_finish() -> None:
    """Exclude what exists by now from garbage collection, which saves 5% of the time."""
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests on SQLite and, where the database makes a difference, on PostgreSQL too."""
    marked = metafunc.definition.get_closest_marker("both_databases") is not None
    on_both = marked or folder(metafunc.definition.path) in DATABASE_FOLDERS
    scopes: dict[str, Literal["session", "function"]] = {
        "shared_app": "session",
        "bare_app": "function",
    }
    for name, scope in scopes.items():
        if name in metafunc.fixturenames:
            databases = DATABASES if on_both else DATABASES[:1]
            metafunc.parametrize(name, databases, indirect=True, scope=scope)


@pytest.fixture(scope="session", autouse=True)
def temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Leave no processes, containers and folders behind if the tests are interrupted."""
    with cleaned_up(tmp_path_factory.getbasetemp()):
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[EphemeralPostgres]:
    """An empty PostgreSQL server for this test run."""
    with EphemeralPostgres() as server:
        yield server


@pytest.fixture(scope="session")
def mail_server() -> Iterator[Mailbox]:
    """An SMTP server that stores what it receives."""
    with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture(scope="session")
def shared_app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, mail_server: Mailbox
) -> Iterator[Flask]:
    """The application with all migrations applied, one per database."""
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


@pytest.fixture
def bare_app(
    request: pytest.FixtureRequest, tmp_path: Path, mail_server: Mailbox
) -> Iterator[Flask]:
    """The application on a new database without tables."""
    app = make_app(SQLALCHEMY_DATABASE_URI=database_url(request, tmp_path), **mail_server.settings)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(shared_app: Flask, mail_server: Mailbox) -> Iterator[Flask]:
    """The application with roles and no other rows."""
    mail_server.clear()
    with shared_app.app_context():
        reset_rate_limits()
    yield shared_app
    clear_database(shared_app)


@pytest.fixture(scope="session")
def shared_role_clients(shared_app: Flask) -> RoleClients:
    """The clients for every role, created once."""
    clients = RoleClients(shared_app)
    clear_database(shared_app)
    return clients


@pytest.fixture
def role_clients(app: Flask, shared_role_clients: RoleClients) -> RoleClients:
    """A logged-in client for every role: `role_clients.client("author")`."""
    shared_role_clients.restore()
    return shared_role_clients


@pytest.fixture
def mailbox(mail_server: Mailbox) -> Mailbox:
    """The email that was received during this test."""
    return mail_server


@pytest.fixture
def make(app: Flask) -> Factory:
    """Creates rows: `make.user("ann")`."""
    return Factory(app)


@pytest.fixture
def client(app: Flask) -> SiteClient:
    """An anonymous client without JavaScript."""
    return SiteClient(app)


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> AuthenticatorApp:
    """An authenticator app for two-factor authentication, and the clock of the site."""
    return AuthenticatorApp(monkeypatch)


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    """Runs `flask` commands."""
    return app.test_cli_runner()
