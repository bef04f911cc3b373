"""The outbox remembers what waits, what went out, and why something did not."""

import pytest

from app.extensions import db
from app.models import Letter, utcnow

pytestmark = pytest.mark.usefixtures("context")


def letter(recipient: str = "ann@example.com") -> Letter:
    row = Letter(recipient=recipient, subject="Hello", body_text="secret", body_html="secret")
    db.session.add(row)
    db.session.commit()
    return row


def test_new_letter_waits() -> None:
    row = letter()

    assert db.session.scalars(Letter.waiting()).all() == [row]
    assert (row.attempts, row.sent_at, row.last_error) == (0, None, None)


def test_letters_wait_in_the_order_they_were_written() -> None:
    rows = [letter() for _ in range(3)]

    assert db.session.scalars(Letter.waiting()).all() == rows


def test_failed_letter_waits_with_its_error() -> None:
    row = letter()

    row.mark_failed("mailbox full")
    row.mark_failed("still full")

    assert (row.attempts, row.last_error) == (2, "still full")
    assert db.session.scalars(Letter.waiting()).all() == [row]


def test_sent_letter_is_done_and_its_secrets_are_forgotten() -> None:
    row = letter()
    row.mark_failed("mailbox full")

    row.mark_sent()

    assert row.sent_at is not None
    assert row.sent_at <= utcnow()
    assert (row.attempts, row.last_error) == (2, None)
    assert "secret" not in row.body_text + row.body_html
    assert db.session.scalars(Letter.waiting()).all() == []
