"""Add and read emails of the outbox, and run the jobs that send them."""

from datetime import timedelta

from app import jobs
from app.extensions import db
from app.mail.outbox import send_outbox_email
from app.models import Job, OutboxEmail, utcnow


def add_due_email(recipient: str = "ann@example.com", **columns: object) -> int:
    """Add an email, and its job, which is due; return the id of the email."""
    row = OutboxEmail(
        recipient=recipient, subject="Hello", body_text="x", body_html="x", **columns
    )
    db.session.add(row)
    db.session.flush()
    email_id = row.id
    jobs.enqueue(send_outbox_email, email_id, unique=True)
    del db.session.info["has_new_jobs"]  # as if another process had enqueued it
    db.session.commit()
    return email_id


def get_email(email_id: int) -> OutboxEmail:
    """Return the email as it is in the database now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(OutboxEmail, email_id)


def get_jobs() -> list[Job]:
    """Return all jobs as they are in the database now, oldest first."""
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(db.select(Job).order_by(Job.id)))


def make_jobs_due() -> None:
    """Make all jobs due now, as if their delays or the leases of their processes had passed."""
    past = utcnow() - timedelta(seconds=1)
    db.session.execute(db.update(Job).where(Job.run_at.is_not(None)).values(run_at=past))
    db.session.commit()


def run_due_jobs() -> None:
    """Run the jobs that are due."""
    jobs.get_runner().run_due()
