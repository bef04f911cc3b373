"""Delete what has expired: registrations that were not confirmed, and login sessions."""

from datetime import timedelta

from .. import jobs
from ..extensions import db
from ..models import LoginSession, Registration, delete_batch, utcnow


@jobs.job(priority=jobs.LOW, every=timedelta(hours=1))
def delete_expired() -> None:
    """Delete expired rows in batches, each in a transaction of its own."""
    for model in (Registration, LoginSession):
        while delete_batch(model, model.expires_at <= utcnow(), limit=1000):
            db.session.commit()
