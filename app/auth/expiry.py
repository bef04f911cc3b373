"""Delete what has expired: registrations, sessions, tokens, old email addresses, events."""

from datetime import timedelta

from .. import jobs
from ..extensions import db
from ..models import (
    AccessToken,
    EmailChange,
    FormerUsername,
    IdempotencyKey,
    LoginSession,
    Registration,
    ReportedItem,
    SecurityEvent,
    delete_older,
    utcnow,
)


@jobs.job(priority=jobs.LOW, every=timedelta(hours=1))
def delete_expired() -> None:
    """Delete expired rows in batches, each in a transaction of its own."""
    now = utcnow()
    expiries = [
        (Registration.expires_at, now),
        (LoginSession.expires_at, now),
        (AccessToken.expires_at, now),
        (EmailChange.expires_at, now),
        (FormerUsername.expires_at, now),
        (SecurityEvent.expires_at, now),
        (ReportedItem.resolved_at, now - ReportedItem.TTL),
        (IdempotencyKey.timestamp, now - IdempotencyKey.TTL),
    ]
    for column, before in expiries:
        for _deleted in delete_older(column, before):
            db.session.commit()
