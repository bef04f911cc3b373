"""Readiness checks: what they detect, and that a hanging server blocks no more than one thread."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import NullPool, create_engine, make_url, text

from app.extensions import db
from app.health.checks import CheckResult, Readiness
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres
from tests.support.mailbox import free_port

PATIENCE = 30  # seconds until a thread must have ended, however slow the machine is
SHORT_TIMEOUT = 0.05  # seconds, for checks that hang
PASSED = {"x": CheckResult(True, "")}
FAILED = {"x": CheckResult(False, "The disk is full")}


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class BlockingCheck:
    """A check that blocks until it is released, then passes, and counts its calls."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.started = threading.Event()
        self.calls = 0

    def __call__(self) -> dict[str, CheckResult]:
        self.calls += 1
        self.started.set()
        assert self.released.wait(PATIENCE)
        return PASSED


class FakeReadiness(Readiness):
    """Readiness with other checks."""

    def __init__(self, checks: Callable[[], dict[str, CheckResult]], clock: Clock) -> None:
        super().__init__(make_app(), clock=clock)
        self.checks = checks

    def run(self) -> dict[str, CheckResult]:
        return self.checks()


@pytest.fixture
def blocking() -> Iterator[BlockingCheck]:
    check = BlockingCheck()
    yield check
    check.released.set()


def set_version(app: Flask, *versions: str) -> None:
    with app.app_context():
        db.session.execute(text("DELETE FROM alembic_version"))
        for version in versions:
            insert = text("INSERT INTO alembic_version VALUES (:version)")
            db.session.execute(insert, {"version": version})
        db.session.commit()


@contextmanager
def database_at(app: Flask, *versions: str) -> Iterator[None]:
    """Set other revisions for the duration of the block."""
    with app.app_context():
        before = db.session.scalars(text("SELECT version_num FROM alembic_version")).all()
    set_version(app, *versions)
    yield
    set_version(app, *before)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """The port of a server that accepts connections and sends nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.mark.both_databases
def test_migrated_database_is_ready(app: Flask) -> None:
    ok = {name: result.ok for name, result in Readiness(app).results().items()}

    assert ok == {"database": True, "migrations": True}


@pytest.mark.both_databases
def test_empty_database_is_behind(bare_app: Flask) -> None:
    results = Readiness(bare_app).results()

    assert results["database"].ok
    assert not results["migrations"].ok
    assert "database is behind: at no revision, needs " in results["migrations"].detail
    assert results["migrations"].detail.endswith("; run `flask deploy`")


def test_database_that_is_ahead_is_ready(app: Flask) -> None:
    with database_at(app, "f00d"):
        result = Readiness(app).results()["migrations"]

    assert result.ok
    assert "database is ahead: at f00d" in result.detail


def test_exhausted_pool_does_not_fail_the_check(app: Flask) -> None:
    with app.app_context():
        connections = [db.engine.raw_connection() for _ in range(5)]
        try:
            assert Readiness(app).results()["database"].ok
        finally:
            for connection in connections:
                connection.close()


def test_no_connection_stays_open_after_a_check(postgres: EphemeralPostgres) -> None:
    url = postgres.new_database()
    observer = create_engine(make_url(url), poolclass=NullPool)
    assert Readiness(make_app(SQLALCHEMY_DATABASE_URI=url)).results()["database"].ok
    others = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    with observer.connect() as connection:
        deadline = time.monotonic() + PATIENCE
        while connection.scalar(others):  # PostgreSQL ends the process a moment later
            assert time.monotonic() < deadline, "A connection stayed open."
            connection.rollback()


def test_unreachable_database_is_reported_without_its_password() -> None:
    url = f"postgresql+psycopg2://flasky:the-password@127.0.0.1:{free_port()}/site"
    results = Readiness(make_app(SQLALCHEMY_DATABASE_URI=url)).results()

    for name in ("database", "migrations"):
        assert not results[name].ok
        assert "refused" in results[name].detail
        assert "database" in results[name].detail
        assert "the-password" not in results[name].detail


def test_password_is_redacted_in_details() -> None:
    url = f"postgresql+psycopg2://flasky:refused@127.0.0.1:{free_port()}/site"
    detail = Readiness(make_app(SQLALCHEMY_DATABASE_URI=url)).results()["database"].detail

    assert "failed: Connection [hidden]. Check that" in detail


def test_refusal_in_another_encoding_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"postgresql+psycopg2://flasky@127.0.0.1:{server.getsockname()[1]}/site?sslmode=disable"
        fields = "SFATAL\0C53300\0Mdésolé, trop de clients\0\0".encode("latin-1")

        def refuse() -> None:
            connection = server.accept()[0]
            with connection:
                connection.recv(1000)
                connection.sendall(b"E" + struct.pack("!i", len(fields) + 4) + fields)

        thread = threading.Thread(target=refuse)
        thread.start()
        result = Readiness(make_app(SQLALCHEMY_DATABASE_URI=url)).results()["database"]
        thread.join()

    assert not result.ok
    # Which of them it is depends on how Python was compiled; Debian 12's loses the message.
    assert result.detail.startswith(("UnicodeDecodeError: ", "OperationalError: no message. Ch"))


def test_hanging_database_blocks_only_one_thread(silent_port: int) -> None:
    url = f"postgresql+psycopg2://flasky@127.0.0.1:{silent_port}/site"
    clock = Clock()
    threads_before = threading.active_count()
    readiness = Readiness(make_app(SQLALCHEMY_DATABASE_URI=url), SHORT_TIMEOUT, clock)

    for _ in range(20):
        clock.now += 10
        result = readiness.results()["database"]

        assert not result.ok
        assert result.detail.startswith("no answer within 0.05 s. Check that ")
        assert threading.active_count() <= threads_before + 1


def test_concurrent_requests_share_one_check(blocking: BlockingCheck) -> None:
    readiness = FakeReadiness(blocking, Clock())

    with ThreadPoolExecutor(20) as pool:
        futures = [pool.submit(readiness.results) for _ in range(20)]
        assert blocking.started.wait(PATIENCE)
        blocking.released.set()
        results = [future.result() for future in futures]

    assert blocking.calls == 1
    assert results == [PASSED] * 20


def test_results_are_cached_for_a_second(blocking: BlockingCheck) -> None:
    blocking.released.set()
    clock = Clock()
    readiness = FakeReadiness(blocking, clock)

    for step, calls in ((0.0, 1), (0.9, 1), (0.1, 2), (0.9, 2)):
        clock.now += step
        readiness.results()

        assert blocking.calls == calls


def test_previous_results_are_returned_while_a_check_runs(blocking: BlockingCheck) -> None:
    blocking.released.set()
    clock = Clock()
    readiness = FakeReadiness(blocking, clock)
    readiness.results()
    blocking.released.clear()
    blocking.started.clear()
    clock.now += 2

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(readiness.results)
        assert blocking.started.wait(PATIENCE)
        previous = readiness.results()  # does not block
        blocking.released.set()
        future.result()

    assert previous == PASSED
    assert blocking.calls == 2


def test_changes_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    results = [FAILED, FAILED, PASSED, PASSED]
    clock = Clock()
    readiness = FakeReadiness(lambda: results.pop(0), clock)
    while results:
        clock.now += 10
        readiness.results()

    assert [record.getMessage() for record in caplog.records] == [
        "Readiness check failed: x: The disk is full",
        "Readiness check passed again: x.",
    ]
