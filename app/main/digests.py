"""The job that emails users who asked for it how many new notifications they have, once a day."""

from datetime import timedelta

from sqlalchemy import select

from .. import jobs
from ..extensions import db
from ..mail import messages
from ..models import Notification, User

BATCH = 200  # users that one job looks at


@jobs.job(priority=jobs.LOW, every=timedelta(days=1))
def send_digests(after: int = 0) -> None:
    """Send the digests of the next BATCH users after an id, and enqueue a job for the others.

    Each digest is a transaction of its own, so a job that runs again continues.
    """
    ids = db.session.scalars(select(User.id).where(User.id > after).order_by(User.id).limit(BATCH))
    last = max(ids, default=0)
    for user_id in db.session.scalars(Notification.users_to_email(after, last)).all():
        user = db.session.get(User, user_id)
        if user is not None and (counts := Notification.claim_digest(user)):
            messages.send_digest(user, counts)
        db.session.commit()
    if last:
        jobs.enqueue(send_digests, last, unique=True)
