"""While a letter is under way anything may happen, to its row, its reader and its carrier."""

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

from app import jobs
from app.extensions import db
from app.models import Letter, utcnow
from tests.jobs.outbox import read, sweep, write
from tests.mailbox import Mailbox
from tests.repository import ROOT


@contextmanager
def served_by(mailbox: Mailbox, handler: Any) -> Iterator[None]:
    """Let somebody else work at the mail server meanwhile."""
    mailbox.controller.handler = handler
    try:
        yield
    finally:
        mailbox.controller.handler = mailbox


@pytest.mark.usefixtures("context")
def test_nothing_is_held_while_a_letter_is_sent(app: Flask, letters: Mailbox) -> None:
    class Meddler:
        """A mail server in whose office the letter's row is changed."""

        changed = 0
        connections_held = -1

        async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
            self, _server: SMTP, _session: Session, _envelope: Envelope
        ) -> str:
            with app.app_context():
                self.connections_held = cast("QueuePool", db.engine.pool).checkedout()
                db.session.execute(update(Letter).values(subject="Changed"))
                db.session.commit()
            self.changed += 1
            return "250 Taken"

    meddler = Meddler()
    number = write()
    with served_by(letters, meddler):
        assert jobs.deliver_letter(number)

    assert (meddler.changed, meddler.connections_held) == (1, 0)
    assert read(number).subject == "Changed"


@pytest.mark.slow
@pytest.mark.usefixtures("context")
def test_process_killed_between_taking_and_noting_doubles_a_letter_under_one_name(
    app: Flask, letters: Mailbox
) -> None:
    number = write()
    culprit: list[subprocess.Popen[bytes]] = []

    class Killer:
        async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
            self, server: SMTP, session: Session, envelope: Envelope
        ) -> str:
            await letters.handle_DATA(server, session, envelope)
            os.kill(culprit[0].pid, signal.SIGKILL)
            return "250 Taken"

    settings = {name: str(value) for name, value in letters.settings.items()}
    database = db.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "flask", "mail", "deliver"]
    environment = {**os.environ, **settings, "FLASK_CONFIG": "development"}
    environment["DEV_DATABASE_URL"] = database
    with served_by(letters, Killer()):
        culprit.append(subprocess.Popen(command, cwd=ROOT, env=environment))
        assert culprit[0].wait(timeout=30) == -signal.SIGKILL

    sweep(app)
    assert len(letters.received) == 1
    assert read(number).sent_at is None

    db.session.execute(update(Letter).values(claimed_until=utcnow()))  # as time does
    db.session.commit()
    sweep(app)

    assert len(letters.received) == 2
    assert read(number).sent_at is not None
    names = {letter.message["Message-ID"].split("@")[0] for letter in letters.received}
    assert len(names) == 1


@pytest.mark.usefixtures("context")
def test_letter_whose_reader_is_deleted_while_it_is_sent_breaks_nothing(
    app: Flask, letters: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    class Remover:
        async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
            self, _server: SMTP, _session: Session, _envelope: Envelope
        ) -> str:
            with app.app_context():
                db.session.execute(db.delete(Letter))
                db.session.commit()
            return "250 Taken"

    write()
    with served_by(letters, Remover()):
        sweep(app)

    assert db.session.scalars(select(Letter)).all() == []
    assert "ERROR" not in caplog.text
