"""Delete what has expired: registrations, sessions, tokens, old email addresses, events."""

from datetime import timedelta

from sqlalchemy import select

from .. import jobs
from ..extensions import db
from ..models import (
    AccessToken,
    EmailChange,
    FormerUsername,
    IdempotencyKey,
    LoginSession,
    Notification,  # demo-only
    Registration,
    Report,
    ReportedItem,
    SecurityEvent,
    delete_batch,
    delete_older,
    utcnow,
)

BATCH = 1000  # rows


@jobs.job(priority=jobs.LOW, every=timedelta(hours=1))
def delete_expired() -> None:
    """Delete expired rows in batches, each in a transaction of its own."""
    now = utcnow()
    old_items = select(ReportedItem.id).where(ReportedItem.resolved_at < now - ReportedItem.TTL)
    while delete_batch(Report, Report.item_id.in_(old_items), BATCH):  # before their items
        db.session.commit()
    expiries = [
        (Registration.expires_at, now),
        (LoginSession.expires_at, now),
        (AccessToken.expires_at, now),
        (EmailChange.expires_at, now),
        (FormerUsername.expires_at, now),
        (SecurityEvent.expires_at, now),
        (ReportedItem.resolved_at, now - ReportedItem.TTL),
        (IdempotencyKey.timestamp, now - IdempotencyKey.TTL),
        (Notification.timestamp, now - Notification.TTL),  # demo-only
    ]
    for column, before in expiries:
        for _deleted in delete_older(column, before, BATCH):
            db.session.commit()
