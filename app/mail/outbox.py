"""Send the emails of the outbox: one job for each, until the mail server accepts it.

A job holds no row lock and no database connection while it talks to the mail server. Delivery is
at least once: an email is sent twice if the process or the database dies after the server accepted
it and before that is committed.
"""

import time
from datetime import timedelta
from typing import cast

from flask import current_app
from sqlalchemy.exc import OperationalError

from .. import jobs
from ..circuit_breaker import CircuitBreaker
from ..extensions import db
from ..metrics.definitions import EMAILS
from ..models import OutboxEmail, utcnow
from . import smtp

UNREACHABLE_DELAY = 30.0  # seconds until the next attempt of an email that found it unreachable
MARK_SENT_DELAYS = (0.5, 1.0, 2.0, 4.0)  # seconds between attempts to commit that it was sent
RETENTION = timedelta(days=30)


def smtp_circuit() -> CircuitBreaker:
    """Return the circuit breaker of the mail server."""
    return cast("CircuitBreaker", current_app.extensions["smtp_circuit"])


@jobs.job(priority=jobs.HIGH, is_ready=lambda: not smtp_circuit().is_open())
def send_outbox_email(email_id: int) -> None:
    """Send an email unless it was sent; raise Retry if it was not accepted."""
    email = db.session.get(OutboxEmail, email_id)
    if email is None or email.sent_at is not None:
        return
    db.session.expunge(email)
    db.session.rollback()  # return the connection to the pool
    try:
        smtp.send(email)
    except smtp.DeliveryError as error:
        EMAILS.labels("failed").inc()
        _record_failure(email_id, error)
    else:
        EMAILS.labels("sent").inc()
        if smtp_circuit().record_success():
            current_app.logger.warning("The mail server is reachable again.")
        _record_success(email_id)


@jobs.job(priority=jobs.LOW, every=timedelta(days=1))
def prune_outbox() -> None:
    """Delete the emails that were sent or discarded longer than RETENTION ago."""
    for _deleted in OutboxEmail.prune(utcnow() - RETENTION):
        db.session.commit()


def _record_failure(email_id: int, error: smtp.DeliveryError) -> None:
    """Record why an email was not sent; raise Retry unless it was discarded or deleted."""
    is_outage = isinstance(error, smtp.SMTPUnavailable)
    if is_outage and smtp_circuit().record_failure():
        current_app.logger.warning(
            "The mail server is unreachable; email stays in the outbox: %s", error
        )
    email = db.session.get(OutboxEmail, email_id)
    if email is None:
        return
    if is_outage:
        email.last_error = str(error)  # not an attempt
        delay, is_discarded = UNREACHABLE_DELAY, False
    else:
        delay = email.mark_failed(str(error), permanent=error.permanent).total_seconds()
        is_discarded = email.discarded_at is not None
        outcome = "discarded" if is_discarded else "rejected and will be retried"
        message = "Email %s was %s; see flask outbox list: %s"
        current_app.logger.warning(message, email_id, outcome, error)
    db.session.commit()
    if not is_discarded:
        raise jobs.Retry(str(error), delay) from error


def _record_success(email_id: int) -> None:
    """Mark an email as sent; try again if the database fails, since it would be sent twice."""
    for delay in (*MARK_SENT_DELAYS, None):
        try:
            email = db.session.get(OutboxEmail, email_id)
            if email is not None:  # None if it was deleted meanwhile
                email.mark_sent()
            db.session.commit()
        except OperationalError:
            if delay is None:
                raise
            db.session.rollback()
            time.sleep(delay)
        else:
            return
