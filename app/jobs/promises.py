"""Promising jobs in a transaction, and starting them when it commits."""

from typing import Any, cast

from flask import Flask, current_app
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, scoped_session

from ..extensions import db
from ..queueing import Queue
from . import retries
from .background import Background
from .registry import Function, Job, check_arguments, registered

RETRY_UNNOTED = 15.0  # seconds


def after_commit(function: Function, *arguments: Any) -> None:
    """Run `function(*arguments)` in the background once this transaction commits, or never."""
    job = registered(function)
    if job is not None:
        check_arguments(job.name, arguments)
    elif queue_of(current_app) is not None:
        raise TypeError(f"{function!r} has no name that a queue could carry: make it a @job().")
    db.session.connection()  # begins the transaction, without which no rollback is told of
    db.session.info.setdefault("jobs", []).append((function, arguments))


def queue_of(app: Flask) -> Queue | None:
    """Return the queue of `app`, if one is configured."""
    return cast("Queue | None", app.extensions["queue"])


def watch(session: "scoped_session[Any]") -> None:
    """Start promised jobs when `session` commits, and forget them when it rolls back."""
    if not event.contains(session, "after_commit", _start_jobs):
        event.listen(session, "after_commit", _start_jobs)
        event.listen(session, "after_rollback", _forget_jobs)


def _start_jobs(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint: the transaction around it may still be rolled back
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy's own method
    for function, arguments in session.info.pop("jobs", ()):
        job, queue = registered(function), queue_of(app)
        if app.config["JOBS_INLINE"]:
            _run(app, function, arguments)
        elif job is None or queue is None:
            background: Background = app.extensions["background"]
            background.submit(_run, app, function, arguments)
        elif not queue.put(job.name, arguments):
            _keep(app, job, arguments)


def _forget_jobs(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop("jobs", None)


def _keep(app: Flask, job: Job, arguments: tuple[Any, ...]) -> None:
    """Keep a job that the queue did not take, for the sweep of a worker."""
    if job.swept:
        return
    with app.app_context():
        try:
            retries.keep(job.name, arguments, "The queue could not be reached.")
        except SQLAlchemyError:
            app.logger.exception("The job %s%r was lost.", job.name, arguments)


def _run(app: Flask, function: Function, arguments: tuple[Any, ...]) -> None:
    """Do a job in this process, whatever it raises."""
    job = registered(function)
    with app.app_context():
        try:
            if job is None:
                function(*arguments)
            else:
                retries.run(job.name, arguments)
        except Exception:
            name = getattr(function, "__name__", repr(function))
            app.logger.exception("The job %s%r failed.", name, arguments)
            if job is not None and not app.config["JOBS_INLINE"]:  # not even noted
                background: Background = app.extensions["background"]
                background.submit_later(RETRY_UNNOTED, _run, app, function, arguments)
