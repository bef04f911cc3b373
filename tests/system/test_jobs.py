"""`flask worker` as an operator runs it: started, told to end, and killed with all around it."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask

from app import jobs
from app.extensions import db
from app.models import Letter
from benchmarks.outbox import FlaskWorker, show
from tests.databases import migrated, new_sqlite_url
from tests.jobs.waiting import PATIENCE, wait_until
from tests.mailbox import Mailbox
from tests.redis_server import EphemeralRedis
from tests.settings import make_app
from tests.system.servers import production

pytestmark = pytest.mark.slow

URL = "http://127.0.0.1"


class SlowDesk:
    """A mail server that keeps a letter in its hands until it is told to go on."""

    def __init__(self) -> None:
        self.has_letter, self.may_go_on = threading.Event(), threading.Event()

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: SMTP, _session: Session, _envelope: Envelope
    ) -> str:
        self.has_letter.set()
        await asyncio.to_thread(self.may_go_on.wait, PATIENCE)
        return "250 Taken"


@pytest.fixture
def redis_server() -> Iterator[EphemeralRedis]:
    with EphemeralRedis() as server:
        yield server


@pytest.fixture(params=["sqlite", "redis"])
def queue_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/queue.sqlite"
    server: EphemeralRedis = request.getfixturevalue("redis_server")
    return server.url


@pytest.fixture
def site(tmp_path: Path, queue_url: str, mail_server: Mailbox) -> Iterator[Flask]:
    """The site that makes promises; `worker` keeps them."""
    mail_server.clear()
    app = make_app(
        SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path),
        QUEUE_URL=queue_url,
        FLASKY_URL=URL,
        JOBS_INLINE=False,
    )
    with migrated(app):
        yield app


@pytest.fixture
def worker(site: Flask, queue_url: str, mail_server: Mailbox) -> FlaskWorker:
    """A worker that has not been started."""
    database = site.config["SQLALCHEMY_DATABASE_URI"]
    settings = {"QUEUE_URL": queue_url, "MAIL_TIMEOUT": PATIENCE, **mail_server.settings}
    return FlaskWorker(production(URL, database, **settings))


def promise_letter(site: Flask) -> int:
    with site.app_context():
        row = Letter(recipient="ann@example.com", subject="Hi", body_text="x", body_html="x")
        db.session.add(row)
        db.session.flush()
        jobs.after_commit(jobs.deliver_letter, row.id)
        db.session.commit()
        return row.id


def is_sent(site: Flask, letter_id: int) -> bool:
    with site.app_context():
        return db.session.get_one(Letter, letter_id).sent_at is not None


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_worker_that_is_told_to_end_finishes_what_it_does(
    site: Flask, worker: FlaskWorker, mail_server: Mailbox, sign: signal.Signals
) -> None:
    desk, handler = SlowDesk(), mail_server.controller.handler
    mail_server.controller.handler = desk
    try:
        with worker:
            letter = promise_letter(site)
            assert desk.has_letter.wait(PATIENCE)
            process = worker.process
            assert process is not None
            process.send_signal(sign)
            wait_until(lambda: "finishes the jobs" in worker.log, "It does not hear the signal.")
            assert process.poll() is None
            desk.may_go_on.set()

            assert process.wait(PATIENCE) == 0
            assert "Traceback" not in worker.log
    finally:
        mail_server.controller.handler = handler

    assert is_sent(site, letter)


def test_worker_tells_what_it_serves(worker: FlaskWorker, queue_url: str) -> None:
    with worker:
        assert f"The worker does the jobs of {queue_url} in 2 threads" in worker.log


@pytest.mark.parametrize("queue_url", ["redis"], indirect=True)
def test_worker_waits_for_redis_and_heals_by_itself(
    site: Flask, worker: FlaskWorker, redis_server: EphemeralRedis
) -> None:
    redis_server.stop()
    with worker:
        wait_until(lambda: "cannot be reached" in worker.log, "It does not tell of the outage.")
        redis_server.start()
        wait_until(lambda: "can be reached again" in worker.log, "It does not heal.")
        letter = promise_letter(site)
        wait_until(lambda: is_sent(site, letter), "It does no job.")

        assert worker.stop() == 0
        assert worker.log.count("cannot be reached") == 1
        assert "Traceback" not in worker.log


@pytest.mark.parametrize("queue_url", ["redis"], indirect=True)
def test_worker_ends_while_redis_is_down(
    worker: FlaskWorker, redis_server: EphemeralRedis
) -> None:
    with worker:
        redis_server.kill()
        wait_until(lambda: "cannot be reached" in worker.log, "It does not tell of the outage.")

        assert worker.stop() == 0
        assert "Traceback" not in worker.log


def test_worker_delivers_letters_whose_jobs_were_lost(
    site: Flask, worker: FlaskWorker, mail_server: Mailbox
) -> None:
    letter = promise_letter(site)
    queue = jobs.queue_of(site)
    assert queue is not None
    queue._line().storage.flush_queue()
    with site.app_context():
        db.session.get_one(Letter, letter).next_attempt_at = None
        db.session.commit()

    with worker:
        wait_until(lambda: is_sent(site, letter), "The letter stays behind.")

    assert len(mail_server.received) == 1


def test_two_workers_send_each_letter_once(
    site: Flask, worker: FlaskWorker, mail_server: Mailbox
) -> None:
    with ExitStack() as stack:
        for one in (worker, FlaskWorker(worker.environment)):
            stack.enter_context(one)
        numbers = [promise_letter(site) for _ in range(20)]
        wait_until(lambda: all(is_sent(site, number) for number in numbers), "Some stay behind.")

    assert len(mail_server.received) == 20


@pytest.mark.parametrize("queue", ["redis", "sqlite"])
def test_every_letter_arrives_while_worker_redis_and_mail_server_are_killed(queue: str) -> None:
    report = show(letters=150, seconds=12, queue=queue)

    assert report.failed == []
    assert report.lost == 0
    assert report.waiting == 0
    assert report.renamed == 0
    assert len(report.kills) == (3 if queue == "redis" else 2), "Something was never killed."
