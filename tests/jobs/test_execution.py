"""A job that succeeds is deleted; one that fails is retried after growing delays."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from app import jobs
from app.extensions import db
from app.jobs import execution
from app.models import Job, User, utcnow
from tests.jobs.conftest import Export, register_job
from tests.support.background_jobs import get_jobs, make_jobs_due, run_due_jobs

pytestmark = pytest.mark.usefixtures("context")


def run(function: Callable[..., object], *arguments: object) -> Job | None:
    """Enqueue and run a job; return its row, or None if it was deleted."""
    jobs.enqueue(function, *arguments)
    db.session.commit()  # runs it, since JOBS_EAGER is set
    rows = get_jobs()
    return rows[0] if rows else None


def app_log(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "app"]


@pytest.mark.both_databases
def test_successful_job_is_deleted(export: Export) -> None:
    export.is_broken = False

    assert run(export, "ann") is None
    assert export.done == ["ann"]


@pytest.mark.both_databases
def test_failed_job_is_kept_with_its_error(export: Export) -> None:
    job = run(export, "ann")

    assert job is not None
    assert job.arguments == ["ann"]
    assert (job.attempts, job.claimed_by, job.state) == (1, None, "retrying")
    assert job.last_error is not None
    assert job.last_error.startswith("RuntimeError: cannot export ann")


def test_stored_error_has_no_secrets(
    app: Flask, monkeypatch: pytest.MonkeyPatch, export: Export
) -> None:
    monkeypatch.setitem(app.config, "MAIL_PASSWORD", "open sesame")

    job = run(export, "open sesame")

    assert job is not None
    assert job.last_error is not None
    assert "cannot export" in job.last_error
    assert "s3cr3t" not in job.last_error
    assert "sesame" not in job.last_error


def test_stored_error_is_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    def export() -> None:
        raise RuntimeError("x" * 2 * execution.MAX_ERROR_LENGTH)

    register_job(monkeypatch, "export", export)
    job = run(export)

    assert job is not None
    assert len(job.last_error or "") == execution.MAX_ERROR_LENGTH


@pytest.mark.both_databases
def test_failed_job_is_retried_when_it_is_due(export: Export) -> None:
    run(export, "ann")
    export.is_broken = False

    run_due_jobs()
    assert export.done == []
    make_jobs_due()
    run_due_jobs()

    assert export.done == ["ann"]
    assert get_jobs() == []


def test_delays_grow_until_the_job_is_discarded(
    export: Export, caplog: pytest.LogCaptureFixture
) -> None:
    delays: list[float] = []
    before, job = utcnow(), run(export, "ann")
    while job is not None and job.run_at is not None and len(delays) < 10:
        delays.append((job.run_at - before).total_seconds())
        make_jobs_due()
        before = utcnow()
        run_due_jobs()
        [job] = get_jobs()

    assert job is not None
    assert (job.attempts, job.state) == (6, "discarded")
    assert len(delays) == 5
    for delay, base in zip(delays, (15, 45, 135, 405, 1215), strict=True):
        assert 0.8 * base <= delay <= 1.2 * base + 5
    assert [record.levelno for record in app_log(caplog)] == [logging.WARNING] * 5 + [
        logging.ERROR
    ]
    assert "failed 6 times and was discarded: see flask jobs list" in caplog.text


def test_discarded_job_does_not_block_its_successor(
    monkeypatch: pytest.MonkeyPatch, export: Export
) -> None:
    register_job(monkeypatch, "export", export, max_attempts=1)
    for _ in range(2):
        jobs.enqueue(export, "ann", unique=True)
        db.session.commit()

    assert [job.state for job in get_jobs()] == ["discarded", "discarded"]


def test_retry_is_not_a_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def export() -> None:
        raise jobs.Retry("The server is down.", 60)

    register_job(monkeypatch, "export", export)
    before = utcnow()
    job = run(export)

    assert job is not None
    assert (job.attempts, job.last_error) == (0, "The server is down.")
    assert job.run_at is not None
    assert timedelta(seconds=60) <= job.run_at - before <= timedelta(seconds=65)
    assert app_log(caplog) == []


@pytest.mark.both_databases
def test_changes_of_a_job_are_committed_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def export() -> None:
        db.session.add(User(email="new@example.com", username="new"))

    register_job(monkeypatch, "export", export)

    assert run(export) is None
    assert User.find_by_username("new") is not None


@pytest.mark.both_databases
def test_changes_of_a_failed_job_are_rolled_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def export() -> None:
        db.session.add(User(email="new@example.com", username="new"))
        db.session.flush()
        db.session.execute(db.text("SELECT * FROM missing"))

    register_job(monkeypatch, "export", export)
    job = run(export)

    assert job is not None
    assert job.attempts == 1
    assert User.find_by_username("new") is None


def test_job_has_its_own_session(monkeypatch: pytest.MonkeyPatch) -> None:
    user = User(email="ann@example.com", username="ann")
    db.session.add(user)
    db.session.commit()

    def export() -> None:
        db.session.get_one(User, user_id).name = "Ann Other"
        db.session.rollback()

    register_job(monkeypatch, "export", export)
    user_id = user.id
    user.location = "Here"
    run(export)

    db.session.refresh(user)
    assert (user.name, user.location) == (None, "Here")


@pytest.mark.both_databases
def test_job_that_has_lost_its_lease_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def export() -> None:
        db.session.add(User(email="new@example.com", username="new"))
        db.session.execute(db.update(Job).values(claimed_by="another process"))
        db.session.commit()
        db.session.add(User(email="second@example.com", username="second"))

    register_job(monkeypatch, "export", export)
    job = run(export)

    assert job is not None
    assert (job.claimed_by, job.last_error) == ("another process", None)
    assert User.find_by_username("new") is not None
    assert User.find_by_username("second") is None
    assert "another process has claimed this job" in caplog.text


@pytest.mark.both_databases
def test_job_that_another_thread_has_claimed_again_is_not_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def export() -> None:
        db.session.execute(db.update(Job).values(attempts=2))
        db.session.commit()

    register_job(monkeypatch, "export", export)
    job = run(export)

    assert job is not None
    assert (job.attempts, job.last_error, job.state) == (2, None, "running")


@pytest.mark.both_databases
def test_characters_that_databases_reject_are_not_stored(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "app")  # xdist cannot transmit them either

    def export() -> None:
        raise RuntimeError("No file \0\udcff.txt")

    register_job(monkeypatch, "export", export)
    job = run(export)

    assert job is not None
    assert job.last_error == "RuntimeError: No file \\udcff.txt"


def test_delays_are_limited(monkeypatch: pytest.MonkeyPatch, export: Export) -> None:
    register_job(monkeypatch, "export", export, max_attempts=200)
    db.session.add(Job(name="export", arguments=["ann"], attempts=99))
    db.session.commit()

    run_due_jobs()

    [job] = get_jobs()
    assert job.run_at is not None
    assert timedelta(hours=12) < job.run_at - utcnow() < timedelta(days=2)


def test_job_that_kills_its_processes_is_discarded(export: Export) -> None:
    export.is_broken = False
    db.session.add(Job(name="export", arguments=["ann"], attempts=6))
    db.session.commit()

    run_due_jobs()

    [job] = get_jobs()
    assert job.state == "discarded"
    assert job.last_error == "RuntimeError: The processes that ran this job were killed."
    assert export.done == []

    assert jobs.get_runner().run_now(Job.id == job.id), "It is run on request."
    assert export.done == ["ann"]


def test_periodic_job_is_scheduled_again_after_success_and_after_failures(
    monkeypatch: pytest.MonkeyPatch, export: Export
) -> None:
    def report() -> None:
        export("ann")

    register_job(monkeypatch, "report", report, every=timedelta(days=1), max_attempts=1)
    for is_broken in (False, True):
        export.is_broken = is_broken
        before = utcnow()
        job = run(report) if not is_broken else None
        if job is None:
            make_jobs_due()
            run_due_jobs()
            [job] = get_jobs()

        assert job.run_at is not None
        assert timedelta(days=1) <= job.run_at - before <= timedelta(days=1, seconds=5)
        assert (job.attempts, job.claimed_by) == (0, None)

    assert export.done == ["ann"]


def test_database_error_is_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def export() -> None:
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection\nmore"))

    register_job(monkeypatch, "export", export)
    run(export)

    [record] = app_log(caplog)
    assert record.levelno == logging.WARNING
    assert record.getMessage().endswith("will be retried: server closed the connection")
    assert record.exc_info is None
