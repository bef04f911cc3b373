"""Background work. This is the only door to it: nothing else knows how jobs are run.

A job is a plain function that takes ids and may run twice. `after_commit` promises it once the
transaction has committed. Today a thread of this process runs it; what a crash leaves undone
stays in the outbox for `flask mail deliver`.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from flask import Flask, current_app
from sqlalchemy import event
from sqlalchemy.orm import Session, scoped_session

from . import delivery
from .extensions import db
from .models import Letter

Job = Callable[..., object]


def after_commit(job: Job, *arguments: Any) -> None:
    """Run `job(*arguments)` in the background once this transaction commits, or never."""
    db.session.connection()  # begins the transaction, without which no rollback is told of
    db.session.info.setdefault("jobs", []).append((job, arguments))


def init_app(app: Flask) -> None:
    """Watch the session for commits."""
    watch(db.session)


def watch(session: "scoped_session[Any]") -> None:
    """Start promised jobs when `session` commits, and forget them when it rolls back."""
    if not event.contains(session, "after_commit", _start_jobs):
        event.listen(session, "after_commit", _start_jobs)
        event.listen(session, "after_rollback", _forget_jobs)


def deliver_letter(letter_id: int) -> bool:
    """Send one letter of the outbox and note how that went; tell whether it went out.

    The row is locked meanwhile, so that on PostgreSQL two deliveries never send the same letter.
    """
    waiting = Letter.waiting().where(Letter.id == letter_id)
    letter = db.session.scalar(waiting.with_for_update(skip_locked=True))
    if letter is None:
        return False
    try:
        delivery.send(letter)
    except delivery.DeliveryError as error:
        current_app.logger.warning("Letter %s stays in the outbox: %s", letter_id, error)
        letter.mark_failed(str(error))
    else:
        letter.mark_sent()
    db.session.commit()
    return letter.sent_at is not None


def _start_jobs(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint: the transaction around it may still be rolled back
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # a proxy's own method
    for job, arguments in session.info.pop("jobs", ()):
        if app.config["JOBS_INLINE"]:
            _run(app, job, arguments)
        else:
            _executor().submit(_run, app, job, arguments)


def _forget_jobs(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop("jobs", None)


def _run(app: Flask, job: Job, arguments: tuple[Any, ...]) -> None:
    with app.app_context():
        try:
            job(*arguments)
        except Exception:
            name = getattr(job, "__name__", repr(job))
            app.logger.exception("The job %s%r failed.", name, arguments)


@cache
def _executor() -> ThreadPoolExecutor:
    """Return this process's thread for jobs, made at the first job: after gunicorn has forked."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="jobs")
