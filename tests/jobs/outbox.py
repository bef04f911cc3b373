"""Letters in the outbox, written and read as no page does."""

from datetime import timedelta

from flask import Flask

from app.extensions import db
from app.jobs.sweeping import Sweep
from app.models import Letter, utcnow


def write(recipient: str = "ann@example.com", **columns: object) -> int:
    """Put a letter that is due into the outbox, as if its job had been lost; return its id."""
    columns = {"next_attempt_at": utcnow() - timedelta(seconds=1)} | columns
    row = Letter(recipient=recipient, subject="Hello", body_text="x", body_html="x", **columns)
    db.session.add(row)
    db.session.commit()
    return row.id


def read(letter_id: int) -> Letter:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Letter, letter_id)


def sweep(app: Flask) -> None:
    for step in Sweep(app).steps():
        step()
