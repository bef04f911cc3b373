"""Background work: promised in a transaction, done after it commits, never otherwise."""

import logging
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from app import email, jobs
from app.extensions import db
from app.models import Letter, User, utcnow
from tests.factories import PASSWORD, Factory, Person
from tests.jobs.waiting import wait_for_jobs
from tests.mailbox import Mailbox
from tests.reader import Reader


class Work:
    """A job that remembers what it was given, and what the database said at that moment."""

    def __init__(self) -> None:
        self.done: list[tuple[str, bool]] = []
        self.thread = ""

    def __call__(self, name: str) -> None:
        self.done.append((name, User.with_username(name) is not None))
        self.thread = threading.current_thread().name


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def ann(make: Factory) -> Person:
    return make.user("ann", confirmed=False)


@pytest.fixture
def transaction(app: Flask, ann: Person) -> Iterator[User]:
    """Ann, within a transaction."""
    with app.app_context():
        yield db.session.get_one(User, ann.id)


def letters_in_outbox() -> int:
    return len(db.session.scalars(select(Letter)).all())


def test_job_runs_after_the_commit_and_sees_what_was_committed(app: Flask, work: Work) -> None:
    with app.app_context():
        db.session.add(User(email="new@example.com", username="new"))
        jobs.after_commit(work, "new")
        db.session.flush()
        assert work.done == []

        db.session.commit()

    assert work.done == [("new", True)]


def test_job_never_runs_after_a_rollback(app: Flask, work: Work) -> None:
    with app.app_context():
        jobs.after_commit(work, "new")
        db.session.rollback()
        db.session.commit()

    assert work.done == []


def test_job_never_runs_when_nothing_is_committed(app: Flask, work: Work) -> None:
    with app.app_context():
        jobs.after_commit(work, "new")

    with app.app_context():
        db.session.commit()

    assert work.done == []


def test_job_runs_once_however_often_is_committed(app: Flask, work: Work) -> None:
    with app.app_context():
        jobs.after_commit(work, "new")
        db.session.commit()
        db.session.commit()

    assert len(work.done) == 1


def test_jobs_run_in_the_order_they_were_promised(app: Flask, work: Work) -> None:
    with app.app_context():
        for name in "abc":
            jobs.after_commit(work, name)
        db.session.commit()

    assert [name for name, _ in work.done] == ["a", "b", "c"]


@pytest.mark.usefixtures("threaded")
def test_thread_does_the_job(app: Flask, work: Work, ann: Person) -> None:
    with app.app_context():
        jobs.after_commit(work, ann.username)
        db.session.commit()
    wait_for_jobs(app)

    assert work.done == [("ann", True)]
    assert work.thread.startswith("jobs")


@pytest.mark.usefixtures("threaded")
def test_thread_delivers_letters(app: Flask, transaction: User, letters: Mailbox) -> None:
    email.send_confirmation(transaction)
    db.session.commit()
    wait_for_jobs(app)

    assert letters.last("ann@example.com").link.startswith("/auth/confirm/")
    db.session.expire_all()
    assert db.session.scalars(Letter.waiting()).all() == []


@pytest.mark.parametrize("inline", [True, False], ids=["at once", "by the thread"])
def test_failing_job_is_logged_and_stops_nothing(
    app: Flask,
    work: Work,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
    inline: bool,
) -> None:
    if not inline:
        request.getfixturevalue("threaded")

    def bake(loaf: str) -> None:
        raise RuntimeError(f"{loaf} burnt")

    with app.app_context(), caplog.at_level(logging.ERROR):
        jobs.after_commit(bake, "rye")
        jobs.after_commit(work, "next")
        db.session.commit()
        if not inline:
            wait_for_jobs(app)

    assert "The job bake('rye',) failed." in caplog.text
    assert "rye burnt" in caplog.text
    assert work.done == [("next", False)]


def test_job_that_writes_does_not_touch_the_transaction_it_follows(
    app: Flask, ann: Person
) -> None:
    def rename(user_id: int) -> None:
        db.session.get_one(User, user_id).name = "Ann Other"
        db.session.rollback()

    with app.app_context():
        user = db.session.get_one(User, ann.id)
        user.location = "Here"
        jobs.after_commit(rename, ann.id)
        db.session.commit()

        db.session.refresh(user)
        assert (user.name, user.location) == (None, "Here")


def test_letter_is_part_of_the_transaction(transaction: User, letters: Mailbox) -> None:
    email.send_confirmation(transaction)
    assert letters_in_outbox() == 1
    assert letters.received == []

    db.session.rollback()
    db.session.commit()

    assert letters_in_outbox() == 0
    assert letters.received == []


def test_committed_letter_is_delivered_and_marked(transaction: User, letters: Mailbox) -> None:
    email.send_confirmation(transaction)
    db.session.commit()

    [letter] = db.session.scalars(select(Letter))
    assert len(letters.received) == 1
    assert letter.sent_at is not None
    assert letter.sent_at <= utcnow()


def test_refused_letter_stays_and_the_request_goes_on(
    app: Flask, reader: Reader, letters: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    letters.refusal = "451 Come back later"
    fields = {"email": "new@example.com", "username": "new"}

    page = reader.submit("/auth/register", {**fields, "password": PASSWORD, "password2": PASSWORD})

    assert page.path == "/auth/unconfirmed"
    assert "stays in the outbox" in caplog.text
    with app.app_context():
        [letter] = db.session.scalars(Letter.waiting())
        assert letter.attempts == 1
        assert "Come back later" in str(letter.last_error)


def test_delivering_twice_sends_once(transaction: User, letters: Mailbox) -> None:
    email.send_confirmation(transaction)
    db.session.commit()
    [letter_id] = db.session.scalars(select(Letter.id))

    assert not jobs.deliver_letter(letter_id)
    assert not jobs.deliver_letter(letter_id + 1)
    assert len(letters.received) == 1


def test_job_waits_for_the_whole_transaction_not_for_a_part_of_it(app: Flask, work: Work) -> None:
    with app.app_context():
        with db.session.begin_nested():
            jobs.after_commit(work, "inner")
        assert work.done == []
        db.session.commit()

    assert work.done == [("inner", False)]


def test_undone_part_of_a_transaction_forgets_no_job_of_the_rest(app: Flask, work: Work) -> None:
    with app.app_context():
        jobs.after_commit(work, "outer")
        db.session.begin_nested().rollback()
        db.session.commit()

    assert work.done == [("outer", False)]
