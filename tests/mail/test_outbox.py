"""Each email is sent once, retried while it is rejected, and discarded in the end."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask

from app import jobs
from app.extensions import db
from app.jobs import queue
from app.jobs.runner import Runner
from app.mail import outbox
from app.models import Job, OutboxEmail, utcnow
from tests.support.background_jobs import (
    add_due_email,
    get_email,
    get_jobs,
    make_jobs_due,
    run_due_jobs,
)
from tests.support.mailbox import Mailbox, free_port


@pytest.fixture
def no_mail_server(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the mail server unreachable."""
    monkeypatch.setattr(app.extensions["mail"], "port", free_port())
    yield
    app.extensions["smtp_circuit"].record_success()


@pytest.mark.both_databases
@pytest.mark.usefixtures("context")
def test_due_emails_are_sent_once(mailbox: Mailbox) -> None:
    ids = [add_due_email(), add_due_email()]

    run_due_jobs()
    run_due_jobs()

    assert len(mailbox.received) == 2
    assert all(get_email(email_id).sent_at is not None for email_id in ids)
    assert get_jobs() == []


@pytest.mark.usefixtures("context")
def test_sent_or_deleted_email_is_not_sent(mailbox: Mailbox) -> None:
    add_due_email(sent_at=utcnow())
    db.session.delete(get_email(add_due_email()))
    db.session.commit()

    run_due_jobs()

    assert mailbox.received == []
    assert get_jobs() == []


@pytest.mark.both_databases
def test_concurrent_senders_send_each_email_once(app: Flask, mailbox: Mailbox) -> None:
    recipients = [f"reader{number}@example.com" for number in range(5)]
    with app.app_context():
        ids = [add_due_email(recipient) for recipient in recipients]
    barrier = threading.Barrier(4)

    def send_all(number: int) -> None:
        barrier.wait()
        with app.app_context():
            if number == 0:
                Runner(app).run_due()
            else:
                for email_id in ids:
                    jobs.run_now(outbox.send_outbox_email, email_id)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send_all, range(4)))

    assert sorted(message.recipients[0] for message in mailbox.received) == recipients


@pytest.mark.usefixtures("context", "no_mail_server")
def test_unreachable_mail_server_is_tried_once(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    ids = [add_due_email(), add_due_email(), add_due_email()]

    run_due_jobs()
    make_jobs_due()
    run_due_jobs()
    assert not jobs.run_now(outbox.send_outbox_email, ids[2])

    assert [bool(get_email(email_id).last_error) for email_id in ids] == [True, False, False]
    assert [get_email(email_id).attempts for email_id in ids] == [0, 0, 0]
    [message] = [record.getMessage() for record in caplog.records if record.name == "app"]
    assert message.startswith("The mail server is unreachable; email stays in the outbox")


@pytest.mark.usefixtures("context", "no_mail_server")
def test_outage_is_logged_once_and_its_end_too(
    app: Flask,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(app.extensions["smtp_circuit"], "pause", 0)
    for _ in range(3):
        add_due_email()

    run_due_jobs()
    monkeypatch.setattr(app.extensions["mail"], "port", mailbox.settings["MAIL_PORT"])
    make_jobs_due()
    run_due_jobs()

    messages = [record.getMessage() for record in caplog.records if record.name == "app"]
    assert len(messages) == 2
    assert messages[1] == "The mail server is reachable again."


@pytest.mark.usefixtures("context")
def test_permanently_rejected_email_is_discarded_after_growing_delays(
    app: Flask, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    email_id, delays = add_due_email(), list[int]()
    mailbox.refusal = "550 No such user"

    run_due_jobs()
    while rows := get_jobs():
        assert rows[0].run_at is not None
        delays.append(round((rows[0].run_at - utcnow()).total_seconds()))
        make_jobs_due()
        run_due_jobs()

    assert get_email(email_id).attempts == 6
    assert delays == pytest.approx([15, 60, 240, 960, 3600], abs=5)
    assert db.session.scalars(OutboxEmail.pending()).all() == []
    messages = [record.getMessage() for record in caplog.records if record.name == "app"]
    assert f"Email {email_id} was rejected and will be retried" in messages[0]
    assert f"Email {email_id} was discarded; see flask outbox list" in messages[-1]


@pytest.mark.usefixtures("context")
def test_temporarily_rejected_email_is_retried_for_days(app: Flask, mailbox: Mailbox) -> None:
    recent = add_due_email(attempts=50)
    old = add_due_email(created_at=utcnow() - timedelta(days=6))
    mailbox.refusal = "451 Come back later"

    run_due_jobs()

    assert get_email(recent).discarded_at is None
    assert get_email(old).discarded_at is not None


@pytest.mark.usefixtures("context")
def test_old_emails_are_pruned_daily() -> None:
    now = utcnow()
    kept = [
        add_due_email(),
        add_due_email(sent_at=now - timedelta(days=29)),
        add_due_email(created_at=now - timedelta(days=99)),
    ]
    add_due_email(sent_at=now - timedelta(days=31))
    add_due_email(discarded_at=now - timedelta(days=31))
    db.session.execute(db.delete(Job))
    queue.enqueue_periodic_jobs()
    db.session.commit()

    run_due_jobs()

    assert list(db.session.scalars(db.select(OutboxEmail.id).order_by(OutboxEmail.id))) == kept
    [job] = [job for job in get_jobs() if job.name == "prune_outbox"]
    assert job.run_at is not None
    assert timedelta(days=1) <= job.run_at - now < timedelta(days=1, minutes=1)
