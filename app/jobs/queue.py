"""The queue is the table `jobs`: enqueue a job in a transaction, claim it, finish it.

A claim is a lease: it expires unless the process renews it. No transaction and no row lock is held
while a job runs.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, select, update

from ..extensions import db
from ..models import Job, insert_or_ignore, utcnow
from .registry import job_of, registered_jobs

LEASE = timedelta(seconds=60)

# id, name, arguments, attempts (including this one) and claimed_by
Claim = Row[tuple[int, str, list[Any], int, str | None]]


def enqueue(
    function: Callable[..., object], *arguments: Any, delay: float = 0, unique: bool = False
) -> None:
    """Have `function(*arguments)` run in the background once the current transaction commits.

    It runs at least once, `delay` seconds later or as soon as possible, and never if the
    transaction is rolled back.

    Args:
        function: a function that is registered with `@job()`.
        arguments: ids, numbers and strings.
        delay: seconds.
        unique: do nothing if the same call is waiting or running already.

    Raises:
        TypeError: the function is not registered, or an argument cannot be written as JSON.
    """
    key = call_key(function, *arguments)
    insert = insert_or_ignore(Job).values(
        name=job_of(function).name,
        arguments=list(arguments),
        unique_key=key if unique else None,
        run_at=utcnow() + timedelta(seconds=delay),
    )
    db.session.execute(insert)
    db.session.info["has_new_jobs"] = True


def call_key(function: Callable[..., object], *arguments: Any) -> str:
    """Return a digest that identifies a call; raise TypeError for arguments that JSON lacks."""
    name = job_of(function).name
    try:
        call = json.dumps([name, *arguments])
    except (TypeError, ValueError) as error:
        raise TypeError(f"Job {name}: pass ids, numbers or strings only: {error}") from None
    return hashlib.sha256(call.encode()).hexdigest()


def enqueue_periodic_jobs() -> None:
    """Enqueue the jobs that run periodically, unless they are waiting already."""
    for job in registered_jobs():
        if job.every is not None:
            enqueue(job.function, unique=True)


def claim(claimed_by: str, *conditions: ColumnElement[bool]) -> Claim | None:
    """Claim the job that has been due the longest of those that meet `conditions`, if any."""
    first = select(Job.id).where(*conditions).order_by(Job.run_at).limit(1)
    # PostgreSQL locks the row, so that the UPDATE finds it unchanged; SQLite has one writer.
    job_id = db.session.scalar(first.with_for_update(skip_locked=True))
    if job_id is None:
        db.session.rollback()  # return the connection to the pool
        return None
    update_row = (
        update(Job)
        .where(Job.id == job_id, *conditions)
        .values(claimed_by=claimed_by, run_at=utcnow() + LEASE, attempts=Job.attempts + 1)
        .returning(Job.id, Job.name, Job.arguments, Job.attempts, Job.claimed_by)
        .execution_options(synchronize_session=False)
    )
    row = db.session.execute(update_row).one_or_none()
    db.session.commit()
    return row
