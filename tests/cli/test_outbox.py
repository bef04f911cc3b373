"""`flask outbox`: list, send and delete emails."""

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskCliRunner

from app.extensions import db
from app.mail import messages
from app.models import OutboxEmail, User, utcnow
from tests.support.factories import Factory
from tests.support.mailbox import Mailbox


def send_email(app: Flask, make: Factory, username: str) -> None:
    """Write a confirmation email to the outbox and try to send it."""
    user = make.user(username, confirmed=False)
    with app.app_context():
        messages.send_confirmation(db.session.get_one(User, user.id))
        db.session.commit()


def test_refused_emails_are_sent_once_the_server_accepts_them(
    app: Flask, runner: FlaskCliRunner, make: Factory, mailbox: Mailbox
) -> None:
    mailbox.refusal = "451 Come back later"
    send_email(app, make, "ann")
    send_email(app, make, "bob")

    refused = runner.invoke(args=["outbox", "send"])
    assert refused.exit_code == 1
    assert refused.stdout.endswith("0 sent, 2 not sent.\n")
    assert "ann@example.com" in refused.stdout
    assert "pending, attempts: 2" in refused.stdout
    assert "Come back later" in refused.stdout
    assert mailbox.received == []

    mailbox.refusal = None
    accepted = runner.invoke(args=["outbox", "send"])
    assert (accepted.exit_code, accepted.stdout) == (0, "2 sent, 0 not sent.\n")

    again = runner.invoke(args=["outbox", "send"])
    assert (again.exit_code, again.stdout) == (0, "0 sent, 0 not sent.\n")
    assert [email.recipients for email in mailbox.received] == [
        ["ann@example.com"],
        ["bob@example.com"],
    ]


def test_list_shows_state_and_error_and_no_secrets(
    app: Flask, runner: FlaskCliRunner, make: Factory, mailbox: Mailbox
) -> None:
    assert runner.invoke(args=["outbox", "list"]).stdout == "No pending emails.\n"
    assert runner.invoke(args=["outbox", "list", "--all"]).stdout == "No emails.\n"
    send_email(app, make, "ann")
    mailbox.refusal = "550 No such user"
    send_email(app, make, "bob")
    send_email(app, make, "cat")

    pending, _other = runner.invoke(args=["outbox", "list"]).stdout.splitlines()
    newest, _other, oldest = runner.invoke(args=["outbox", "list", "--all"]).stdout.splitlines()
    limited = runner.invoke(args=["outbox", "list", "--limit", "1"]).stdout.splitlines()

    assert "bob@example.com" in pending
    assert "pending, attempts: 1" in pending
    assert "No such user" in pending
    assert "cat@example.com" in newest
    assert "ann@example.com" in oldest
    assert "(sent 20" in oldest
    assert limited == [pending]
    assert "/auth/" not in pending + newest + oldest


def test_list_shows_discarded_emails(app: Flask, runner: FlaskCliRunner) -> None:
    with app.app_context():
        email = OutboxEmail(recipient="a@example.com", subject="Hello", body_text="", body_html="")
        email.discarded_at = utcnow()
        db.session.add(email)
        db.session.commit()

    [discarded] = runner.invoke(args=["outbox", "list"]).stdout.splitlines()

    assert discarded.endswith("(discarded, attempts: 0)")


def test_invalid_email_does_not_stop_others(
    app: Flask, runner: FlaskCliRunner, make: Factory, mailbox: Mailbox
) -> None:
    with app.app_context():
        invalid = OutboxEmail(
            recipient="ann@example.com", subject="Two\nlines", body_text="", body_html=""
        )
        db.session.add(invalid)
        db.session.commit()
    mailbox.refusal = "451 Come back later"
    send_email(app, make, "bob")
    mailbox.refusal = None

    result = runner.invoke(args=["outbox", "send"])

    assert result.exit_code == 1
    assert result.stdout.endswith("1 sent, 1 not sent.\n")
    assert "BadHeaderError" in result.stdout
    assert mailbox.to("bob@example.com")


def test_prune_deletes_old_sent_emails(
    app: Flask, runner: FlaskCliRunner, make: Factory, mailbox: Mailbox
) -> None:
    send_email(app, make, "old")
    send_email(app, make, "new")
    mailbox.refusal = "451 Come back later"
    send_email(app, make, "pending")
    with app.app_context():
        is_old = OutboxEmail.recipient == "old@example.com"
        email = db.session.scalars(db.select(OutboxEmail).where(is_old)).one()
        email.sent_at = utcnow() - timedelta(days=31)
        db.session.commit()

    result = runner.invoke(args=["outbox", "prune"])

    expected = "Deleted 1 email sent or discarded more than 30 days ago.\n"
    assert (result.exit_code, result.stdout) == (0, expected)
    with app.app_context():
        kept = db.session.scalars(db.select(OutboxEmail.recipient).order_by(OutboxEmail.id)).all()
    assert kept == ["new@example.com", "pending@example.com"]
