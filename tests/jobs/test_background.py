"""Where no queue is configured, each process does its jobs, and what others left behind."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from app import jobs
from app.extensions import db
from app.jobs import background as module
from app.jobs import registry
from app.models import FailedJob, Letter, utcnow
from tests.jobs.waiting import background, wait_for_jobs, wait_until
from tests.mailbox import Mailbox
from tests.reader import Reader
from tests.settings import make_app


@pytest.fixture
def left_behind(app: Flask) -> int:
    """A letter that is due, and whose job is lost."""
    with app.app_context():
        row = Letter(recipient="ann@example.com", subject="Hi", body_text="x", body_html="x")
        row.next_attempt_at = utcnow() - timedelta(seconds=1)
        db.session.add(row)
        db.session.commit()
        return row.id


def is_sent(app: Flask, letter_id: int) -> bool:
    with app.app_context():
        return db.session.get_one(Letter, letter_id).sent_at is not None


@pytest.mark.usefixtures("threaded")
def test_first_request_lets_the_process_deliver_what_was_left_behind(
    app: Flask, reader: Reader, left_behind: int
) -> None:
    reader.open("/")

    wait_until(lambda: is_sent(app, left_behind), "The letter stays behind.")


@pytest.mark.usefixtures("threaded")
def test_process_goes_on_looking_as_long_as_it_lives(
    app: Flask, reader: Reader, letters: Mailbox, left_behind: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SWEEP_EVERY", 0.05)
    letters.refusal = "451 Come back later"
    reader.open("/")
    wait_until(lambda: attempts(app, left_behind) == 1, "The letter was not tried.")

    letters.refusal = None
    hurry(app, left_behind)

    wait_until(lambda: is_sent(app, left_behind), "The letter was not tried again.")


def attempts(app: Flask, letter_id: int) -> int:
    with app.app_context():
        return db.session.get_one(Letter, letter_id).attempts


def hurry(app: Flask, letter_id: int) -> None:
    with app.app_context():
        db.session.get_one(Letter, letter_id).next_attempt_at = utcnow()
        db.session.commit()


# Python 3.12 and later warn of what is tested here.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
@pytest.mark.usefixtures("threaded")
def test_forked_process_has_a_thread_of_its_own(app: Flask, tmp_path: Path) -> None:
    background(app).start()
    wait_for_jobs(app)
    answer = tmp_path / "answer"

    child = os.fork()
    if child == 0:
        try:
            work = background(app).submit(answer.write_text, "done")
            work.result(timeout=10)
        finally:
            os._exit(0)
    os.waitpid(child, 0)

    assert answer.read_text() == "done"


def test_nothing_runs_in_the_background_of_a_site_with_a_queue(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/queue.sqlite"
    app = make_app(QUEUE_URL=url, JOBS_INLINE=False)

    app.test_client().get("/healthz")
    app.test_client().get("/auth/login")

    assert background(app)._pid == 0


@pytest.fixture
def queued(app: Flask, tmp_path: Path) -> Iterator[Flask]:
    """The site on the same database, with a queue."""
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    queue = f"sqlite:///{tmp_path}/queue.sqlite"
    other = make_app(SQLALCHEMY_DATABASE_URI=url, QUEUE_URL=queue, JOBS_INLINE=False)
    yield other
    with other.app_context():
        db.engine.dispose()


@pytest.fixture
def bake(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def bake(loaf: str) -> None:
        raise AssertionError(f"{loaf}: only a worker may do this")

    monkeypatch.setitem(registry._jobs, "bake", registry.Job("bake", bake, swept=False))
    return bake


def test_promised_job_is_put_into_the_queue(queued: Flask, bake: Callable[[str], None]) -> None:
    with queued.app_context():
        jobs.after_commit(bake, "rye")
        db.session.commit()

    queue = jobs.queue_of(queued)
    assert queue is not None
    assert queue.size() == 1


def test_job_without_a_name_is_refused_where_a_queue_would_carry_it(queued: Flask) -> None:
    with queued.app_context(), pytest.raises(TypeError, match="make it a @job"):
        jobs.after_commit(lambda: None)


def test_job_that_the_queue_does_not_take_is_kept_for_the_sweep(
    queued: Flask, bake: Callable[[str], None]
) -> None:
    queue = jobs.queue_of(queued)
    assert queue is not None
    queue.outage.begin()
    with queued.app_context():
        jobs.after_commit(bake, "rye")
        jobs.after_commit(jobs.deliver_letter, 7)
        db.session.commit()

        [row] = db.session.scalars(FailedJob.due())
        assert (row.name, row.arguments) == ("bake", ["rye"])
        db.session.delete(row)
        db.session.commit()
