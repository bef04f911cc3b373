"""What is asked before the site calls itself ready, and how long anybody waits for it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import NullPool, create_engine, make_url, text

from app.extensions import db
from app.questions import Answer, NoAnswer, Question, engine_for
from app.readiness import Check, Finding, NotReady, Readiness, ask_database, readiness_of

from .databases import EphemeralPostgres
from .mailbox import free_port
from .settings import make_app

PATIENCE = 30  # seconds until a thread must have ended, however busy the machine is
SOON = 0.05  # seconds that a check may take, where it takes for ever


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Gate:
    """A check that waits until the gate is opened, and counts how often it began."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.begun = threading.Event()
        self.times = 0

    def __call__(self) -> str:
        self.times += 1
        self.begun.set()
        assert self.opened.wait(PATIENCE)
        return "open"


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


def only(ask: Callable[[], str], **options: object) -> Readiness:
    return Readiness([Check("it", ask, "Mend it.")], **options)  # type: ignore[arg-type]  # named


def by_name(app: Flask) -> dict[str, Finding]:
    return {found.name: found for found in readiness_of(app).findings()}


def set_version(app: Flask, *versions: str) -> None:
    with app.app_context():
        db.session.execute(text("DELETE FROM alembic_version"))
        for version in versions:
            insert = text("INSERT INTO alembic_version VALUES (:version)")
            db.session.execute(insert, {"version": version})
        db.session.commit()


@contextmanager
def other_version(app: Flask, *versions: str) -> Iterator[None]:
    with app.app_context():
        before = db.session.scalars(text("SELECT version_num FROM alembic_version")).all()
    set_version(app, *versions)
    yield
    set_version(app, *before)


@pytest.fixture
def silent_server() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_migrated_database_is_ready(app: Flask) -> None:
    found = by_name(app)

    assert {name: finding.ok for name, finding in found.items()} == {
        "database": True,
        "migrations": True,
    }


def test_empty_database_is_behind(bare_app: Flask) -> None:
    found = by_name(bare_app)

    assert found["database"].ok
    assert not found["migrations"].ok
    assert "at nothing" in found["migrations"].detail
    assert "Run flask deploy." in found["migrations"].detail


def test_database_of_an_older_release_is_behind(app: Flask) -> None:
    with other_version(app, "0001"):
        found = by_name(app)["migrations"]

    assert not found.ok
    assert "at 0001" in found.detail
    assert "Run flask deploy." in found.detail


def test_database_of_a_newer_release_is_named_and_no_reason_to_stop(app: Flask) -> None:
    with other_version(app, "f00d"):
        found = by_name(app)["migrations"]

    assert found.ok
    assert "ahead" in found.detail
    assert "f00d" in found.detail


def test_full_pool_does_not_hide_that_the_database_is_well(app: Flask) -> None:
    with app.app_context():
        held = [db.engine.raw_connection() for _ in range(5)]
        try:
            assert by_name(app)["database"].ok
        finally:
            for connection in held:
                connection.close()


def test_nothing_stays_connected_after_a_check(postgres: EphemeralPostgres) -> None:
    url = make_url(postgres.new_database())
    asking, watching = engine_for(url, 2), create_engine(url, poolclass=NullPool)
    ask_database(asking)
    others = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    with watching.connect() as connection:
        give_up = time.monotonic() + PATIENCE
        while connection.scalar(others):  # the server takes leave of it a moment later
            assert time.monotonic() < give_up, "A connection was kept."
            connection.rollback()


def test_database_that_is_away_is_named_with_what_to_do_and_without_its_password() -> None:
    url = f"postgresql+psycopg2://flasky:hidden-word@127.0.0.1:{free_port()}/site"
    found = by_name(make_app(SQLALCHEMY_DATABASE_URI=url))

    for name in ("database", "migrations"):
        assert not found[name].ok
        assert "refused" in found[name].detail
        assert "database" in found[name].detail
        assert "hidden-word" not in found[name].detail


def test_secrets_are_taken_out_of_what_went_wrong() -> None:
    def fail() -> str:
        raise ConnectionError("the password correct-horse was refused")

    [found] = only(fail, secrets=["correct-horse"]).findings()

    assert "correct-horse" not in found.detail
    assert found.detail.startswith("ConnectionError: the password [hidden] was refused. Mend it.")


def test_words_of_a_check_are_kept() -> None:
    def fail() -> str:
        raise NotReady("It is broken. Mend that.")

    [found] = only(fail).findings()

    assert (found.ok, found.detail) == (False, "It is broken. Mend that.")


def test_database_that_says_nothing_holds_nobody_up_and_is_asked_by_one_thread(
    silent_server: int,
) -> None:
    url = make_url(f"postgresql+psycopg2://flasky@127.0.0.1:{silent_server}/site")
    clock = Clock()
    before = threading.active_count()
    readiness = only(partial(ask_database, engine_for(url, 2)), seconds=SOON, clock=clock)

    for _ in range(20):
        clock.now += 10
        [found] = readiness.findings()

        assert not found.ok
        assert found.detail.startswith("NoAnswer: no answer within 0.05 s")
        assert threading.active_count() <= before + 1


def test_check_that_hung_is_asked_anew_once_it_has_ended(gate: Gate) -> None:
    clock = Clock()
    readiness = only(gate, seconds=SOON, clock=clock)
    assert not readiness.findings()[0].ok
    hanging = readiness.checks[0][1].begin()

    gate.opened.set()
    hanging.join(PATIENCE)
    clock.now += 10

    assert readiness.findings()[0].ok
    assert gate.times == 2


def test_many_who_ask_at_once_are_answered_by_one_check(gate: Gate) -> None:
    readiness = only(gate, seconds=PATIENCE, clock=Clock())

    with ThreadPoolExecutor(20) as threads:
        asked = [threads.submit(readiness.findings) for _ in range(20)]
        assert gate.begun.wait(PATIENCE)
        gate.opened.set()
        found = [future.result() for future in asked]

    assert gate.times == 1
    assert all(findings[0].ok for findings in found)


def test_findings_are_good_for_one_second(gate: Gate) -> None:
    gate.opened.set()
    clock = Clock()
    readiness = only(gate, seconds=PATIENCE, clock=clock)

    for step, times in ((0.0, 1), (0.9, 1), (0.2, 2), (0.9, 2)):
        clock.now += step
        readiness.findings()

        assert gate.times == times


def test_nobody_waits_while_another_asks_a_database_that_hangs(gate: Gate) -> None:
    gate.opened.set()
    clock = Clock()
    readiness = only(gate, seconds=PATIENCE, clock=clock)
    readiness.findings()
    gate.opened.clear()
    gate.begun.clear()
    clock.now += 2

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(readiness.findings)
        assert gate.begun.wait(PATIENCE)
        [known] = readiness.findings()  # would hang, if it asked
        gate.opened.set()
        waiting.result()

    assert known.ok
    assert gate.times == 2


def test_change_is_logged_once_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    broken = {"it": "The disk is full. Make room."}

    def look() -> str:
        if broken:
            raise NotReady(broken["it"])
        return ""

    clock = Clock()
    readiness = only(look, clock=clock)
    for mended in (False, False, True, True):
        if mended:
            broken.clear()
        clock.now += 10
        readiness.findings()

    assert [record.getMessage() for record in caplog.records] == [
        "Not ready: it: The disk is full. Make room.",
        "Ready again: it.",
    ]


def test_question_passes_on_what_it_was_answered() -> None:
    answer = Question(lambda: 42, PATIENCE).begin().answer()

    assert (answer.value, answer.error) == (42, None)


def test_question_without_an_answer_says_so(gate: Gate) -> None:
    answer: Answer[str] = Question(gate, SOON).begin().answer()

    assert answer.value is None
    assert isinstance(answer.error, NoAnswer)
