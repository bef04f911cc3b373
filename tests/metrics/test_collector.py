"""Metrics that are read from the database."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.extensions import db
from app.models import Job, OutboxEmail, utcnow
from tests.support.app_factory import make_app
from tests.support.broken_database import site_with_unusable_sqlite_file
from tests.support.databases import new_sqlite_url
from tests.support.metrics import REQUESTS, Scrape


@pytest.mark.both_databases
def test_outbox_is_counted_by_state(app: Flask) -> None:
    now = utcnow()
    with app.app_context():
        for minutes, columns in (
            (1, {}),
            (5, {}),
            (60, {"last_error": "refused"}),
            (600, {"last_error": "refused", "discarded_at": now}),
            (900, {"sent_at": now}),
        ):
            created_at = now - timedelta(minutes=minutes)
            message = {"recipient": "a@b.c", "subject": "x", "body_text": "", "body_html": ""}
            db.session.add(OutboxEmail(created_at=created_at, **message, **columns))
        db.session.commit()

    scrape = Scrape(app)

    for state, count, minutes in (("pending", 2, 5), ("retrying", 1, 60), ("discarded", 1, 600)):
        age = scrape.value("flasky_outbox_oldest_email_age_seconds", state=state)
        assert scrape.value("flasky_outbox_emails", state=state) == count
        assert minutes * 60 <= age < minutes * 60 + 60
    assert scrape.value("flasky_db_up") == 1


def test_empty_outbox_has_a_zero_for_each_state(app: Flask) -> None:
    scrape = Scrape(app)

    for state in ("pending", "retrying", "discarded"):
        assert scrape.samples[("flasky_outbox_emails", (("state", state),))] == 0
        assert scrape.value("flasky_outbox_oldest_email_age_seconds", state=state) == 0


@pytest.mark.both_databases
def test_jobs_are_counted_by_state(app: Flask) -> None:
    now = utcnow()
    with app.app_context():
        for minutes, error in ((1, None), (-5, None), (7, "x"), (0, "x"), (0, "x")):
            job = Job(name="x", arguments=[], last_error=error)
            db.session.add(job)
            db.session.flush()
            job.run_at = now - timedelta(minutes=minutes) if minutes else None
        db.session.commit()

    scrape = Scrape(app)

    states = {"pending": 2, "retrying": 1, "discarded": 2}
    assert {state: scrape.value("flasky_jobs", state=state) for state in states} == states
    assert 420 <= scrape.value("flasky_jobs_delay_seconds") < 480


def test_jobs_that_are_not_due_have_no_delay(app: Flask) -> None:
    with app.app_context():
        due = utcnow() + timedelta(minutes=5)
        db.session.add(Job(name="x", arguments=[], run_at=due))
        db.session.commit()

    assert Scrape(app).value("flasky_jobs_delay_seconds") == 0


def test_other_metrics_are_served_without_a_database() -> None:
    with site_with_unusable_sqlite_file() as client:
        client.client.get("/")
        scrape = Scrape(client.app)

    assert scrape.value("flasky_db_up") == 0
    assert scrape.value("flasky_exceptions_total", type="OperationalError", endpoint="main.index")
    assert scrape.total(REQUESTS) > 0
    assert scrape.total("flasky_outbox_emails") == 0


def test_build_info_has_release_and_commit(tmp_path: Path) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path), RELEASE="42", COMMIT="c0ffee")

    assert Scrape(app).value("flasky_build_info", release="42", commit="c0ffee") == 1
