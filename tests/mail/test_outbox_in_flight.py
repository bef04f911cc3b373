"""What can happen while an email is being sent: changes, deletion, a killed process, an outage."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from sqlalchemy import QueuePool, select, update
from sqlalchemy.exc import OperationalError

from app.extensions import db
from app.mail import outbox
from app.models import OutboxEmail
from tests.support.background_jobs import add_due_email, get_email, make_jobs_due, run_due_jobs
from tests.support.mailbox import Mailbox
from tests.support.repository import ROOT


@contextmanager
def handled_by(mailbox: Mailbox, handler: Any) -> Iterator[None]:
    """Replace the handler of the mail server."""
    mailbox.controller.handler = handler
    try:
        yield
    finally:
        mailbox.controller.handler = mailbox


@pytest.mark.both_databases
@pytest.mark.usefixtures("context")
def test_no_lock_and_no_connection_is_held_while_sending(app: Flask, mailbox: Mailbox) -> None:
    class UpdatingHandler:
        """Updates the row of the email that it receives."""

        updates = 0
        connections = -1

        async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
            self, _server: SMTP, _session: Session, _envelope: Envelope
        ) -> str:
            with app.app_context():
                self.connections = cast("QueuePool", db.engine.pool).checkedout()
                db.session.execute(update(OutboxEmail).values(subject="Changed"))
                db.session.commit()
            self.updates += 1
            return "250 OK"

    handler = UpdatingHandler()
    email_id = add_due_email()
    with handled_by(mailbox, handler):
        run_due_jobs()

    assert (handler.updates, handler.connections) == (1, 0)
    assert get_email(email_id).subject == "Changed"


@pytest.mark.slow
@pytest.mark.usefixtures("context")
def test_process_killed_before_the_commit_sends_twice_with_one_message_id(
    app: Flask, mailbox: Mailbox
) -> None:
    email_id = add_due_email()
    sender: list[subprocess.Popen[bytes]] = []

    class KillingHandler:
        async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
            self, server: SMTP, session: Session, envelope: Envelope
        ) -> str:
            await mailbox.handle_DATA(server, session, envelope)
            os.kill(sender[0].pid, signal.SIGKILL)
            return "250 OK"

    settings = {name: str(value) for name, value in mailbox.settings.items()}
    database = db.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "flask", "outbox", "send"]
    environment = {**os.environ, **settings, "FLASK_CONFIG": "development"}
    environment["DEV_DATABASE_URL"] = database
    with handled_by(mailbox, KillingHandler()):
        sender.append(subprocess.Popen(command, cwd=ROOT, env=environment))
        assert sender[0].wait(timeout=60) == -signal.SIGKILL

    run_due_jobs()
    assert len(mailbox.received) == 1
    assert get_email(email_id).sent_at is None

    make_jobs_due()
    run_due_jobs()

    assert len(mailbox.received) == 2
    assert get_email(email_id).sent_at is not None
    ids = {message.message["Message-ID"].split("@")[0] for message in mailbox.received}
    assert len(ids) == 1


@pytest.mark.usefixtures("context")
def test_email_deleted_while_it_is_sent_is_not_an_error(
    app: Flask, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    class DeletingHandler:
        async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
            self, _server: SMTP, _session: Session, _envelope: Envelope
        ) -> str:
            with app.app_context():
                db.session.execute(db.delete(OutboxEmail))
                db.session.commit()
            return "250 OK"

    add_due_email()
    with handled_by(mailbox, DeletingHandler()):
        run_due_jobs()

    assert db.session.scalars(select(OutboxEmail)).all() == []
    assert "ERROR" not in caplog.text


@pytest.mark.usefixtures("context")
def test_email_is_marked_as_sent_when_the_database_is_back(
    app: Flask, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark_sent = OutboxEmail.mark_sent
    errors = [OperationalError("UPDATE", {}, Exception("gone")) for _ in range(2)]

    def failing_mark_sent(email: OutboxEmail) -> None:
        if errors:
            raise errors.pop()
        mark_sent(email)

    monkeypatch.setattr(OutboxEmail, "mark_sent", failing_mark_sent)
    monkeypatch.setattr(outbox, "MARK_SENT_DELAYS", (0, 0))
    email_id = add_due_email()

    run_due_jobs()

    assert get_email(email_id).sent_at is not None
    assert len(mailbox.received) == 1
