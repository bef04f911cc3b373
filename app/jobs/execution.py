"""Run one claimed job, and record the result.

The job succeeds when its function returns. What it has changed in the session is committed
together with the deletion of the job, so those changes are made exactly once; effects elsewhere,
such as an email, happen at least once.
"""

from datetime import timedelta
from random import uniform
from typing import Any

from flask import current_app
from sqlalchemy import delete, update

from ..database.errors import classify, summary
from ..extensions import db
from ..logs.redaction import redact, secrets_in
from ..metrics.definitions import JOBS
from ..models import Job, rows_changed, utcnow
from .queue import Claim
from .registry import RegisteredJob

MAX_ERROR_LENGTH = 1000

# 15 s, 45 s, … 20 min between attempts: about half an hour in total
FIRST_DELAY = timedelta(seconds=15)
BACKOFF_FACTOR = 3
MAX_EXPONENT = 8  # about a day, for jobs with more attempts


class Retry(Exception):
    """Raise this in a job to run it again in `delay` seconds; it does not count as a failure."""

    def __init__(self, reason: str, delay: float) -> None:
        super().__init__(reason)
        self.delay = timedelta(seconds=delay)


def run(job: RegisteredJob, claim: Claim) -> bool:
    """Run a claimed job; return True if it succeeded. Errors of the job are logged, not raised."""
    try:
        job.function(*claim.arguments)
        _finish(job, claim)
    except Retry as retry:
        run_at = utcnow() + retry.delay
        _postpone(claim, str(retry), run_at=run_at, attempts=claim.attempts - 1)
        JOBS.labels(job.name, "retried").inc()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a job raises
        record_failure(job, claim, error)
    else:
        JOBS.labels(job.name, "succeeded").inc()
        return True
    return False


def record_failure(job: RegisteredJob, claim: Claim, error: BaseException) -> None:
    """Schedule the next attempt, or discard the job; log the error."""
    is_last = claim.attempts >= job.max_attempts
    if not is_last:
        factor = BACKOFF_FACTOR ** min(claim.attempts - 1, MAX_EXPONENT)
        # Jitter, so that jobs that failed together are not retried together.
        delay = FIRST_DELAY * factor * uniform(0.8, 1.2)  # noqa: S311 - no secret
        values: dict[str, Any] = {"run_at": utcnow() + delay}
    elif job.every is not None:
        values = {"run_at": utcnow() + job.every, "attempts": 0}
    else:
        values = {"run_at": None, "unique_key": None}
    _postpone(claim, f"{type(error).__name__}: {error}", **values)
    JOBS.labels(job.name, "failed" if is_last else "retried").inc()
    call = f"{job.name}{tuple(claim.arguments)!r}"
    if is_last:
        message = "Job %s failed %s times and was discarded: see flask jobs list."
        current_app.logger.error(message, call, claim.attempts, exc_info=error)
    else:
        message = "Job %s failed (attempt %s) and will be retried: %s"
        traceback = None if classify(error) else error
        current_app.logger.warning(
            message, call, claim.attempts, summary(error), exc_info=traceback
        )


def _finish(job: RegisteredJob, claim: Claim) -> None:
    next_run = None
    if job.every is not None:
        next_run = {"run_at": utcnow() + job.every, "attempts": 0, "last_error": None}
    if not _release(claim, next_run):
        raise RuntimeError("The lease expired, and another process has claimed this job.")
    db.session.commit()


def _postpone(claim: Claim, reason: str, **values: Any) -> None:
    db.session.rollback()
    # Databases reject NUL and lone surrogates.
    reason = reason.replace("\0", "").encode(errors="backslashreplace").decode()
    reason = redact(reason, secrets_in(current_app.config))[:MAX_ERROR_LENGTH]
    _release(claim, {"last_error": reason, **values})
    db.session.commit()


def _release(claim: Claim, values: dict[str, Any] | None) -> bool:
    """Set `values` of a claimed job, or delete it; return False if it was claimed again since."""
    # By the number of the attempt, too: another thread of this process may have claimed it.
    mine = (Job.id == claim.id, Job.claimed_by == claim.claimed_by, Job.attempts == claim.attempts)
    row = delete(Job) if values is None else update(Job).values(claimed_by=None, **values)
    return rows_changed(db.session.execute(row.where(*mine))) == 1
