"""A job that fails is tried again, less and less often, and then waits where one can see it."""

import logging
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from app import jobs
from app.extensions import db
from app.jobs import registry, retries
from app.jobs.sweeping import Sweep
from app.models import FailedJob, utcnow


class Oven:
    """What the job `bake` works with."""

    def __init__(self) -> None:
        self.is_hot = False
        self.baked: list[str] = []

    def bake(self, loaf: str) -> None:
        if not self.is_hot:
            raise RuntimeError(f"{loaf} is raw, /auth/reset/s3cr3t-t0ken")
        self.baked.append(loaf)


@pytest.fixture
def oven(monkeypatch: pytest.MonkeyPatch) -> Oven:
    """An oven, and a job called `bake`."""
    oven = Oven()
    monkeypatch.setitem(registry._jobs, "bake", registry.Job("bake", oven.bake, swept=False))
    return oven


@pytest.fixture
def promise(app: Flask, oven: Oven) -> Callable[[str], None]:
    def promise(loaf: str) -> None:
        with app.app_context():
            db.session.begin()
            jobs.after_commit(registry.find("bake").function, loaf)
            db.session.commit()

    return promise


def failed() -> list[FailedJob]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(FailedJob.oldest_first()))


def make_due() -> None:
    db.session.execute(
        update(FailedJob)
        .where(FailedJob.retry_at.is_not(None))
        .values(retry_at=utcnow() - timedelta(seconds=1))
    )
    db.session.commit()


def sweep(app: Flask) -> None:
    for step in Sweep(app).steps():
        step()


@pytest.mark.usefixtures("context")
def test_failed_job_is_kept_with_its_reason_and_a_time_to_retry(
    promise: Callable[[str], None],
) -> None:
    promise("rye")

    [row] = failed()
    assert (row.name, row.arguments, row.attempts) == ("bake", ["rye"], 1)
    assert row.last_error.startswith("RuntimeError: rye is raw")
    assert row.retry_at is not None
    assert row.retry_at > utcnow()


@pytest.mark.usefixtures("context")
def test_reason_is_kept_without_secrets(
    app: Flask, promise: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAIL_PASSWORD", "open sesame")

    promise("open sesame")

    [row] = failed()
    assert "is raw" in row.last_error
    assert "s3cr3t" not in row.last_error
    assert "sesame" not in row.last_error


@pytest.mark.usefixtures("context")
def test_sweep_leaves_a_failed_job_alone_until_its_time_has_come(
    app: Flask, promise: Callable[[str], None], oven: Oven
) -> None:
    promise("rye")
    oven.is_hot = True

    sweep(app)
    assert oven.baked == []
    make_due()
    sweep(app)

    assert oven.baked == ["rye"]
    assert failed() == []


@pytest.mark.usefixtures("context")
def test_pauses_grow_and_end(
    app: Flask, promise: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    promise("rye")
    pauses: list[float] = []
    while (row := failed()[0]).retry_at is not None and len(pauses) < 10:
        pauses.append((row.retry_at - row.failed_at).total_seconds())
        make_due()
        sweep(app)

    assert row.attempts == 6
    assert len(pauses) == 5
    assert all(later > 1.9 * sooner for sooner, later in pairwise(pauses))
    levels = [record.levelno for record in caplog.records if record.name == "app"]
    assert levels == [logging.WARNING] * 5 + [logging.ERROR]
    assert "was given up: see flask jobs list" in caplog.text


@pytest.mark.usefixtures("context")
def test_given_up_job_is_tried_by_no_sweep_but_on_demand(
    app: Flask, promise: Callable[[str], None], oven: Oven
) -> None:
    promise("rye")
    [row] = failed()
    row.retry_at = None
    db.session.commit()
    oven.is_hot = True

    sweep(app)
    assert oven.baked == []
    assert jobs.retry_now(row.id)

    assert oven.baked == ["rye"]
    assert failed() == []


@pytest.mark.usefixtures("context")
def test_job_that_somebody_does_now_is_left_alone(
    promise: Callable[[str], None], oven: Oven
) -> None:
    promise("rye")
    [row] = failed()
    row.claimed_until = utcnow() + timedelta(minutes=1)
    db.session.commit()
    oven.is_hot = True

    assert not jobs.retry_now(row.id)

    assert oven.baked == []


@pytest.mark.usefixtures("context")
def test_claim_of_a_process_that_was_killed_runs_out(
    app: Flask, promise: Callable[[str], None], oven: Oven
) -> None:
    promise("rye")
    [row] = failed()
    row.claimed_until = utcnow() - timedelta(seconds=1)
    db.session.commit()
    make_due()
    oven.is_hot = True

    sweep(app)

    assert oven.baked == ["rye"]


@pytest.mark.usefixtures("context")
def test_job_that_this_release_does_not_know_fails_like_any_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    retries.run("from_next_release", [1])

    [row] = failed()
    assert row.name == "from_next_release"
    assert "No job is called 'from_next_release'" in row.last_error


@pytest.mark.usefixtures("context")
def test_failing_swept_job_is_logged_and_not_kept(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, oven: Oven
) -> None:
    monkeypatch.setitem(registry._jobs, "bake", registry.Job("bake", oven.bake, swept=True))

    retries.run("bake", ["rye"])

    assert failed() == []
    assert "The job bake('rye',) failed; a sweep tries again." in caplog.text


@pytest.mark.usefixtures("context")
def test_swept_job_that_cannot_use_the_database_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def wait() -> None:
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection\nreally"))

    monkeypatch.setitem(registry._jobs, "wait", registry.Job("wait", wait, swept=True))

    retries.run("wait", [])

    [record] = [record for record in caplog.records if record.name == "app"]
    assert record.levelno == logging.WARNING
    assert record.getMessage().endswith("a sweep tries again: server closed the connection")
    assert record.exc_info is None


@pytest.mark.usefixtures("context")
def test_job_that_spoiled_its_transaction_is_kept_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def spoil() -> None:
        db.session.execute(db.text("SELECT * FROM shoes"))

    monkeypatch.setitem(registry._jobs, "spoil", registry.Job("spoil", spoil, swept=False))

    retries.run("spoil", [])

    assert [row.name for row in failed()] == ["spoil"]


def test_registered_job_takes_only_what_can_be_written_down(app: Flask, oven: Oven) -> None:
    bake = registry.find("bake").function
    with app.app_context(), pytest.raises(TypeError, match="The job bake takes ids"):
        jobs.after_commit(bake, object())


def test_two_jobs_cannot_share_a_name() -> None:
    def deliver_letter() -> None:
        pass

    with pytest.raises(ValueError, match="Two jobs are called deliver_letter"):
        jobs.job()(deliver_letter)


def test_no_row_is_left_behind(app: Flask, promise: Callable[[str], None], oven: Oven) -> None:
    oven.is_hot = True
    promise("rye")

    with app.app_context():
        assert db.session.scalars(select(FailedJob)).all() == []
    assert oven.baked == ["rye"]
