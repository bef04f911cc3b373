"""Outbox emails: pending until they are sent or discarded."""

from datetime import timedelta

import pytest

from app.extensions import db
from app.models import OutboxEmail, utcnow

pytestmark = pytest.mark.usefixtures("context")


def create_email() -> OutboxEmail:
    email = OutboxEmail(
        recipient="ann@example.com", subject="Hello", body_text="secret", body_html="secret"
    )
    db.session.add(email)
    db.session.commit()
    return email


def pending() -> list[OutboxEmail]:
    return list(db.session.scalars(OutboxEmail.pending()))


def test_new_emails_are_pending_in_order() -> None:
    emails = [create_email() for _ in range(3)]

    assert pending() == emails
    assert (emails[0].attempts, emails[0].sent_at, emails[0].last_error) == (0, None, None)


def test_delay_grows_and_permanent_errors_discard_the_email() -> None:
    email = create_email()

    for seconds in (15, 60, 240, 960, 3600, 3600):
        assert email.discarded_at is None
        delay = email.mark_failed("550 no such user", permanent=True)
        assert delay == timedelta(seconds=seconds)

    assert email.discarded_at is not None
    assert email.last_error == "550 no such user"
    assert pending() == []
    assert db.session.scalars(OutboxEmail.unsent()).all() == [email]


def test_temporary_errors_discard_the_email_after_five_days() -> None:
    email = create_email()
    for _ in range(10):
        email.mark_failed("451 try later")
    assert pending() == [email]

    email.created_at = utcnow() - timedelta(days=5, minutes=1)
    email.mark_failed("451 try later")

    assert pending() == []


def test_sent_email_is_not_pending_and_its_body_is_erased() -> None:
    email = create_email()
    email.mark_failed("mailbox full")

    email.mark_sent()

    assert email.sent_at is not None
    assert (email.attempts, email.last_error) == (2, None)
    assert email.body_text == email.body_html == ""
    assert pending() == []


def test_pruning_deletes_old_sent_and_discarded_emails() -> None:
    old, before = utcnow() - timedelta(days=2), utcnow() - timedelta(days=1)
    sent, discarded, recent, unsent = (create_email() for _ in range(4))
    sent.sent_at = discarded.discarded_at = unsent.created_at = old
    recent.sent_at = utcnow()
    db.session.commit()

    assert list(OutboxEmail.prune(before)) == [1, 1]
    assert set(db.session.scalars(db.select(OutboxEmail))) == {recent, unsent}
