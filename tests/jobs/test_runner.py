"""Threads of a process run jobs, renew their leases, and survive outages."""

import os
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from app import jobs
from app.extensions import db
from app.jobs import queue, runner
from app.jobs.runner import Runner
from app.models import Job, utcnow
from tests.jobs.conftest import Export, register_job
from tests.support.background_jobs import get_jobs
from tests.support.http_client import SiteClient
from tests.support.waiting import wait_until


@pytest.fixture
def export(export: Export) -> Export:
    export.is_broken = False
    return export


def enqueue(app: Flask, function: Callable[..., object], *arguments: object) -> None:
    with app.app_context():
        jobs.enqueue(function, *arguments)
        db.session.commit()


def test_web_process_runs_jobs_from_the_first_request_on(
    app: Flask, client: SiteClient, runner_of_site: Runner, export: Export
) -> None:
    enqueue(app, export, "before")
    assert not runner_of_site._has_workers()

    client.open("/")
    wait_until(lambda: export.done == ["before"], "The job did not run.")
    enqueue(app, export, "after")

    wait_until(lambda: export.done == ["before", "after"], "The job did not run.")


@pytest.mark.usefixtures("runner_of_site")
def test_web_process_leaves_jobs_to_workers_if_configured(
    app: Flask, client: SiteClient, runner_of_site: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "JOBS_IN_WEB", False)

    client.open("/")

    assert not runner_of_site._has_workers()


def test_urgent_jobs_run_first(
    app: Flask, runner_of_site: Runner, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    register_job(monkeypatch, "urgent", export.__call__, priority=jobs.HIGH)
    register_job(monkeypatch, "export", export, priority=jobs.LOW)
    for name in ("export", "export", "urgent"):
        with app.app_context():
            db.session.add(Job(name=name, arguments=[name]))
            db.session.commit()

    runner_of_site.run_due()

    assert export.done == ["urgent", "export", "export"]


def test_job_that_is_not_ready_waits(
    app: Flask, runner_of_site: Runner, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready: list[bool] = []
    register_job(monkeypatch, "export", export, is_ready=lambda: bool(ready))
    enqueue(app, export, "ann")

    runner_of_site.run_due()
    assert export.done == []
    ready.append(True)
    runner_of_site.run_due()

    assert export.done == ["ann"]


def test_job_of_another_release_waits_for_it(app: Flask, runner_of_site: Runner) -> None:
    with app.app_context():
        db.session.add(Job(name="from_next_release", arguments=[]))
        db.session.commit()
        [job] = get_jobs()

        runner_of_site.run_due()
        assert not runner_of_site.run_now(Job.id == job.id)

        assert [(job.state, job.attempts) for job in get_jobs()] == [("pending", 0)]


def test_job_is_run_on_request_unless_it_is_running(
    app: Flask, runner_of_site: Runner, export: Export
) -> None:
    with app.app_context():
        jobs.enqueue(export, "ann", delay=60)
        db.session.commit()
        [job] = get_jobs()
        job.claimed_by = "another process"
        db.session.commit()

        assert not runner_of_site.run_now(Job.id == job.id)
        assert not runner_of_site.run_now(Job.id == job.id + 1)

        job.claimed_by = None
        db.session.commit()
        assert runner_of_site.run_now(Job.id == job.id)

    assert export.done == ["ann"]
    assert not runner_of_site._has_workers()


# Python 3.12 and later warn about forking a process with threads.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_forked_process_starts_its_own_threads(runner_of_site: Runner) -> None:
    runner_of_site.start(1, 3600)
    name = runner_of_site.name

    child = os.fork()
    if child == 0:
        runner_of_site.start(1, 3600)
        is_new = all(thread.is_alive() for thread in runner_of_site._threads)
        os._exit(0 if is_new and runner_of_site.name != name else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_stopping_finishes_the_running_job(
    app: Flask, runner_of_site: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, may_end, done = threading.Event(), threading.Event(), list[bool]()

    def export() -> None:
        started.set()
        done.append(may_end.wait(30))

    register_job(monkeypatch, "export", export)
    runner_of_site.start(1, 0.05)
    enqueue(app, export)
    assert started.wait(30)
    threading.Timer(0.1, may_end.set).start()

    runner_of_site.stop()

    assert done == [True]
    with app.app_context():
        assert "export" not in [job.name for job in get_jobs()]


def test_commit_wakes_the_threads(app: Flask, runner_of_site: Runner, export: Export) -> None:
    with app.app_context():
        jobs.enqueue(export, "ann")
        assert not runner_of_site._wake.is_set()
        db.session.commit()

    assert runner_of_site._wake.is_set()


def test_thread_that_stops_leaves_the_signal_for_the_others(runner_of_site: Runner) -> None:
    wake = runner_of_site._wake
    for event in (runner_of_site._stopping, wake):
        event.set()

    runner_of_site._work(3600)

    assert wake.is_set()


def test_job_longer_than_its_lease_runs_once(
    app: Flask, runner_of_site: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "RENEW_INTERVAL", 0.05)
    runs: list[str] = []

    def export() -> None:
        runs.append("started")
        with app.app_context():
            soon = utcnow() + timedelta(seconds=30)
            db.session.execute(db.update(Job).values(run_at=soon))
            db.session.commit()
            wait_until(is_renewed, "The lease was not renewed.")

    def is_renewed() -> bool:
        [row] = [job for job in get_jobs() if job.name == "export"]
        return row.run_at is not None and row.run_at > utcnow() + timedelta(seconds=45)

    register_job(monkeypatch, "export", export)
    runner_of_site.start(2, 3600)
    enqueue(app, export)

    with app.app_context():
        wait_until(lambda: "export" not in [job.name for job in get_jobs()], "It did not end.")
    assert runs == ["started"]


def test_job_that_exits_does_not_end_the_thread(
    app: Flask, runner_of_site: Runner, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave() -> None:
        raise SystemExit(1)

    register_job(monkeypatch, "leave", leave, priority=jobs.HIGH)
    enqueue(app, leave)
    enqueue(app, export, "ann")
    runner_of_site.start(1, 0.01)

    wait_until(lambda: export.done == ["ann"], "The thread has ended.")
    with app.app_context():
        assert [job.last_error for job in get_jobs() if job.name == "leave"] == ["SystemExit: 1"]


def raise_in_claims(monkeypatch: pytest.MonkeyPatch, errors: list[Exception]) -> None:
    """Raise one of `errors` in each attempt to claim a job, until none is left."""

    def failing_claim(*arguments: Any) -> object:
        if errors:
            raise errors.pop()
        return queue.claim(*arguments)

    monkeypatch.setattr(runner, "claim", failing_claim)


def test_outage_is_logged_once_and_its_end_too(
    app: Flask,
    runner_of_site: Runner,
    export: Export,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    outage = OperationalError("SELECT 1", {}, Exception("server closed"))
    raise_in_claims(monkeypatch, [outage] * 3)
    enqueue(app, export, "ann")
    monkeypatch.setattr(runner_of_site, "_keep_leases", lambda: None)
    runner_of_site.start(1, 0.01)

    def messages() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == "app"]

    wait_until(lambda: len(messages()) == 2, "The end of the outage is not logged.")
    assert messages()[0].startswith("Jobs are delayed: server closed. Check that it runs")
    assert messages()[1] == "Jobs are running again."
    wait_until(lambda: export.done == ["ann"], "The thread has ended.")


def test_other_errors_are_logged_and_do_not_end_the_thread(
    app: Flask,
    runner_of_site: Runner,
    export: Export,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    raise_in_claims(monkeypatch, [KeyError("bug")])
    enqueue(app, export, "ann")
    runner_of_site.start(1, 0.01)

    wait_until(lambda: export.done == ["ann"], "The thread has ended.")
    assert "Looking for jobs failed." in caplog.text
