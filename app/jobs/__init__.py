"""Background jobs: rows of the table `jobs`, which the application's own processes run.

A job is a function that is registered with `@job()`, takes ids and may run twice. `enqueue` adds a
call to the current transaction (`queue`); threads of the web processes or of `flask worker` run it
(`runner`) and record the result (`execution`).

To remove it: delete this package, `mail/`, which depends on it, `models/job.py`, `cli/jobs.py` and
`cli/worker.py`.
"""

from collections.abc import Callable
from typing import Any, cast

from flask import Flask, current_app
from sqlalchemy import event
from sqlalchemy.orm import Session

from ..extensions import db
from ..models import Job
from .execution import Retry
from .queue import LEASE, call_key, enqueue
from .registry import HIGH, LOW, job
from .runner import Runner

__all__ = ["HIGH", "LOW", "Retry", "enqueue", "get_runner", "init_app", "job", "run_now"]

POLL_INTERVAL = 5.0  # seconds; a process notices its own jobs at once


def init_app(app: Flask) -> None:
    """Listen for commits, and run jobs in this process once it handles requests."""
    app.extensions["job_runner"] = Runner(app)
    app.before_request(_start_runner)
    if not event.contains(db.session, "after_commit", _notice_jobs):
        event.listen(db.session, "after_commit", _notice_jobs)


def get_runner() -> Runner:
    """Return the runner of the current application."""
    return cast("Runner", current_app.extensions["job_runner"])


def run_now(function: Callable[..., object], *arguments: Any) -> bool:
    """Run `function(*arguments)` in this thread, as a unique job; return True if it succeeded.

    If that job is waiting, it no longer is; if it is running, it is not run twice.
    """
    enqueue(function, *arguments, delay=LEASE.total_seconds(), unique=True)
    db.session.commit()
    return get_runner().run_now(Job.unique_key == call_key(function, *arguments))


def _start_runner() -> None:
    # At the first request, since threads do not survive gunicorn's fork.
    if current_app.config["JOBS_IN_WEB"] and not current_app.config["JOBS_EAGER"]:
        get_runner().start(threads=1, poll_interval=POLL_INTERVAL)


def _notice_jobs(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint: the outer transaction may still be rolled back
    if session.info.pop("has_new_jobs", False):
        runner = get_runner()
        runner.run_due() if current_app.config["JOBS_EAGER"] else runner.wake()
