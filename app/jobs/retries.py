"""What becomes of a job that failed: a row that is tried again, and then waits for somebody.

The row is in the database, not in the queue: it outlives both Redis and the worker, and
`flask jobs list` shows it.
"""

from collections.abc import Sequence
from typing import Any

from flask import current_app

from .. import meters
from ..extensions import db
from ..failures import failure, one_line
from ..models import FailedJob, rows_changed, utcnow
from ..redaction import redact, secrets_of
from .registry import UnknownJob, find

BATCH = 100  # jobs for one sweep
CLAIM = 15 * 60  # seconds until a job whose process was killed is tried again
LONGEST_REASON = 1000


def run(name: str, arguments: Sequence[Any]) -> None:
    """Do a job; note a failure. Raise only if that cannot be noted either."""
    try:
        find(name).function(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever a job raises
        _note(name, arguments, error)
    else:
        meters.JOBS.labels(name, "done").inc()


def keep(name: str, arguments: Sequence[Any], reason: str) -> None:
    """Keep a job that could not be handed over; a sweep does it."""
    row = FailedJob(name=name, arguments=list(arguments), last_error=reason, retry_at=utcnow())
    db.session.add(row)
    db.session.commit()


def due_failures() -> list[int]:
    """Return the ids of failed jobs that it is time to try again."""
    due = FailedJob.due().with_only_columns(FailedJob.id).limit(BATCH)
    found = list(db.session.scalars(due))
    db.session.rollback()  # gives the connection back
    return found


def retry_due(failure_id: int) -> bool:
    """Try a job that a sweep has found, unless another sweep was quicker."""
    return _retry(failure_id, only_if_due=True)


def retry_now(failure_id: int) -> bool:
    """Try a job that somebody asks for, unless somebody does it now; tell whether it is done."""
    return _retry(failure_id)


def _retry(failure_id: int, *, only_if_due: bool = False) -> bool:
    conditions = [FailedJob.is_due()] if only_if_due else []
    claimed = db.session.execute(FailedJob.claim(failure_id, CLAIM, *conditions))
    db.session.commit()
    row = db.session.get(FailedJob, failure_id) if rows_changed(claimed) else None
    if row is None:
        return False
    name, arguments = row.name, row.arguments
    db.session.rollback()  # gives the connection back
    try:
        find(name).function(*arguments)
    except Exception as error:  # noqa: BLE001 - whatever a job raises
        db.session.rollback()
        row = db.session.get(FailedJob, failure_id)
        _mark(row or FailedJob(name=name, arguments=arguments), error)
        return False
    meters.JOBS.labels(name, "done").inc()
    db.session.rollback()
    db.session.execute(db.delete(FailedJob).where(FailedJob.id == failure_id))
    db.session.commit()
    return True


def _note(name: str, arguments: Sequence[Any], error: Exception) -> None:
    db.session.rollback()
    if _is_swept(name):
        _tell_of_swept(f"{name}{tuple(arguments)!r}", error)
        meters.JOBS.labels(name, "retried").inc()
        return
    _mark(FailedJob(name=name[:100], arguments=list(arguments)), error)


def _mark(row: FailedJob, error: Exception) -> None:
    """Note one more failure in `row`, and in the log."""
    reason = redact(f"{type(error).__name__}: {error}", secrets_of(current_app.config))
    row.mark_failed(reason[:LONGEST_REASON])
    db.session.add(row)
    db.session.commit()
    label = "unknown" if isinstance(error, UnknownJob) else row.name
    told = (row.name, tuple(row.arguments), row.attempts)
    if row.is_given_up:
        meters.JOBS.labels(label, "failed").inc()
        words = "The job %s%r failed %s times and was given up: see flask jobs list."
        current_app.logger.error(words, *told, exc_info=error)
    else:
        meters.JOBS.labels(label, "retried").inc()
        words = "The job %s%r failed; attempts so far: %s. It will be tried again."
        current_app.logger.warning(words, *told, exc_info=error)


def _tell_of_swept(job: str, error: Exception) -> None:
    if failure(error):
        words = "The job %s could not use the database; a sweep tries again: %s"
        current_app.logger.warning(words, job, one_line(error))
    else:
        current_app.logger.error("The job %s failed; a sweep tries again.", job, exc_info=error)


def _is_swept(name: str) -> bool:
    try:
        return find(name).swept
    except UnknownJob:
        return False
