"""An email is part of the transaction that causes it, and its links start with SITE_URL."""

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import db
from app.mail import messages
from app.models import OutboxEmail, User, utcnow
from tests.support.factories import PASSWORD, Factory
from tests.support.http_client import SiteClient
from tests.support.mailbox import Mailbox


@pytest.fixture
def ann(make: Factory, context: None) -> User:
    return db.session.get_one(User, make.user("ann", confirmed=False).id)


def outbox_emails() -> list[OutboxEmail]:
    return list(db.session.scalars(select(OutboxEmail)))


@pytest.mark.both_databases
def test_email_is_sent_after_the_commit_and_marked(ann: User, mailbox: Mailbox) -> None:
    messages.send_confirmation(ann)
    assert len(outbox_emails()) == 1
    assert mailbox.received == []

    db.session.commit()

    assert mailbox.last("ann@example.com").link.startswith("/auth/confirm/")
    [email] = outbox_emails()
    assert email.sent_at is not None
    assert email.sent_at <= utcnow()


def test_email_is_dropped_on_rollback(ann: User, mailbox: Mailbox) -> None:
    messages.send_confirmation(ann)

    db.session.rollback()
    db.session.commit()

    assert outbox_emails() == []
    assert mailbox.received == []


def test_request_succeeds_although_the_email_is_rejected(
    app: Flask, client: SiteClient, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox.refusal = "451 Come back later"
    fields = {"email": "new@example.com", "username": "new"}

    page = client.submit("/auth/register", {**fields, "password": PASSWORD, "password2": PASSWORD})

    assert page.path == "/auth/unconfirmed"
    assert "was rejected and will be retried" in caplog.text
    with app.app_context():
        [email] = db.session.scalars(OutboxEmail.pending())
        assert email.attempts == 1
        assert "Come back later" in str(email.last_error)


@pytest.mark.usefixtures("context")
def test_links_start_with_site_url(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "SITE_URL", "https://example.com")

    with app.test_request_context(base_url="http://evil.example"):
        assert messages.site_url("main.index") == "https://example.com/"
        assert messages.site_url("main.user", username="ann").startswith("https://example.com/")


def test_admin_is_notified_of_new_users(
    app: Flask, ann: User, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages.send_new_user(ann)
    monkeypatch.setitem(app.config, "FLASKY_ADMIN", None)
    messages.send_new_user(ann)
    db.session.commit()

    [message] = mailbox.received
    assert message.recipients == ["admin@example.com"]
    assert message.message["Subject"] == "[Flasky] New account: ann"
