"""`flask worker` as an operator runs it: started, stopped, killed with its servers."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask

from app.extensions import db
from app.models import OutboxEmail
from benchmarks.outbox import FlaskWorker, run_benchmark
from tests.support.app_factory import make_app
from tests.support.background_jobs import add_due_email, get_jobs, make_jobs_due
from tests.support.databases import migrated, new_sqlite_url
from tests.support.mailbox import Mailbox
from tests.support.servers import production
from tests.support.waiting import TIMEOUT, wait_until

pytestmark = pytest.mark.slow

URL = "http://127.0.0.1"


class BlockingSMTPHandler:
    """An SMTP handler that blocks until `may_continue` is set."""

    def __init__(self) -> None:
        self.received, self.may_continue = threading.Event(), threading.Event()

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, _session: Session, _envelope: Envelope
    ) -> str:
        self.received.set()
        await asyncio.to_thread(self.may_continue.wait, TIMEOUT)
        return "250 OK"


@pytest.fixture
def site(tmp_path: Path, mail_server: Mailbox) -> Iterator[Flask]:
    """The site that enqueues jobs; `worker` runs them."""
    mail_server.clear()
    app = make_app(
        SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path), SITE_URL=URL, JOBS_EAGER=False
    )
    with migrated(app):
        yield app


@pytest.fixture
def worker(site: Flask, mail_server: Mailbox) -> FlaskWorker:
    """A worker that is not started yet."""
    database = site.config["SQLALCHEMY_DATABASE_URI"]
    settings = {"MAIL_TIMEOUT": TIMEOUT, **mail_server.settings}
    return FlaskWorker(production(URL, database, **settings))


def enqueue_email(site: Flask) -> int:
    with site.app_context():
        return add_due_email()


def is_sent(site: Flask, email_id: int) -> bool:
    with site.app_context():
        return db.session.get_one(OutboxEmail, email_id).sent_at is not None


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_signal_lets_the_worker_finish_its_job(
    site: Flask, worker: FlaskWorker, mail_server: Mailbox, sign: signal.Signals
) -> None:
    smtp, handler = BlockingSMTPHandler(), mail_server.controller.handler
    mail_server.controller.handler = smtp
    try:
        with worker:
            email_id = enqueue_email(site)
            assert smtp.received.wait(TIMEOUT)
            process = worker.process
            assert process is not None
            process.send_signal(sign)
            wait_until(
                lambda: "finishing the running jobs" in worker.log,
                "The worker ignores the signal.",
            )
            assert process.poll() is None
            smtp.may_continue.set()

            assert process.wait(TIMEOUT) == 0
            assert "Traceback" not in worker.log
    finally:
        mail_server.controller.handler = handler

    assert is_sent(site, email_id)


def test_email_of_a_killed_worker_is_sent_by_another(
    site: Flask, worker: FlaskWorker, mail_server: Mailbox
) -> None:
    smtp, handler = BlockingSMTPHandler(), mail_server.controller.handler
    mail_server.controller.handler = smtp
    try:
        with worker:
            email_id = enqueue_email(site)
            assert smtp.received.wait(TIMEOUT)
            worker.stop(signal.SIGKILL)
    finally:
        smtp.may_continue.set()
        mail_server.controller.handler = handler
    with site.app_context():
        [job] = [job for job in get_jobs() if job.name == "send_outbox_email"]
        assert job.state == "running"
        make_jobs_due()  # the lease of the killed process expires

    with FlaskWorker(worker.environment):
        wait_until(lambda: is_sent(site, email_id), "The email is not sent.")


def test_two_workers_send_each_email_once(
    site: Flask, worker: FlaskWorker, mail_server: Mailbox
) -> None:
    with ExitStack() as stack:
        for one in (worker, FlaskWorker(worker.environment)):
            stack.enter_context(one)
        numbers = [enqueue_email(site) for _ in range(20)]
        wait_until(
            lambda: all(is_sent(site, number) for number in numbers), "Some emails are not sent."
        )

    assert len(mail_server.received) == 20


@pytest.mark.parametrize("kill_database", [False, True], ids=["", "with PostgreSQL"])
def test_every_email_arrives_while_worker_and_smtp_server_are_killed(kill_database: bool) -> None:
    report = run_benchmark(emails=60, seconds=8, kill_database=kill_database)

    assert len(report.kills) == 2 + kill_database
    assert not report.failed or kill_database
    assert report.lost == 0
    assert report.pending == 0
    assert report.unrecognizable == 0
