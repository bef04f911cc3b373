"""Delete what has expired: unconfirmed registrations, login sessions, old email addresses."""

from datetime import timedelta

from .. import jobs
from ..extensions import db
from ..models import EmailChange, LoginSession, Registration, delete_batch, utcnow


@jobs.job(priority=jobs.LOW, every=timedelta(hours=1))
def delete_expired() -> None:
    """Delete expired rows in batches, each in a transaction of its own."""
    for model in (Registration, LoginSession, EmailChange):
        while delete_batch(model, model.expires_at <= utcnow(), limit=1000):
            db.session.commit()
