"""What /metrics tells, to whom, and what strangers cannot make of it."""

import random
import string
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, text

from app.connections import Watch
from app.extensions import db
from app.models import FailedJob, Letter, utcnow

from .broken import site_whose_server_has_stopped
from .databases import EphemeralPostgres, counted_statements, migrated, new_sqlite_url
from .factories import Factory
from .mailbox import Mailbox
from .reader import Reader
from .settings import make_app

STRANGER = {"REMOTE_ADDR": "203.0.113.9"}
TOKEN = "a token for monitoring"
REQUESTS = "flasky_requests_total"


class Scrape:
    """Everything that /metrics showed at one moment."""

    def __init__(self, app: Flask) -> None:
        answer = app.test_client().get("/metrics")
        assert answer.status_code == 200
        self.samples = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """Return a number; 0 for what has not been counted yet."""
        return self.samples.get((name, tuple(sorted(labels.items()))), 0.0)

    def total(self, name: str) -> float:
        """Return the sum over all labels."""
        return sum(value for (found, _labels), value in self.samples.items() if found == name)


def grown(app: Flask, before: Scrape, name: str, **labels: str) -> float:
    return Scrape(app).value(name, **labels) - before.value(name, **labels)


@pytest.fixture
def failing_app(tmp_path: Path) -> Iterator[Flask]:
    """A site with a page that fails."""
    app = make_app(SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path), PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/fail", "fail", fail)
    with migrated(app):
        yield app


def fail() -> str:
    raise LookupError("on purpose")


def test_stranger_gets_a_clear_word_and_no_number(app: Flask) -> None:
    answer = app.test_client().get("/metrics", environ_overrides=STRANGER)

    assert answer.status_code == 403
    assert "FLASKY_MONITOR_TOKEN" in answer.text
    assert "flasky_" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_token_opens_the_metrics(tmp_path: Path) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path), FLASKY_MONITOR_TOKEN=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}

    answer = app.test_client().get("/metrics", headers=headers, environ_overrides=STRANGER)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")


def test_request_is_counted_by_the_name_of_its_page(app: Flask, make: Factory) -> None:
    post = make.post(make.user())
    before = Scrape(app)

    for _ in range(3):
        app.test_client().get(f"/post/{post}")
    app.test_client().get("/post/4711")

    labels = {"method": "GET", "endpoint": "main.post"}
    assert grown(app, before, REQUESTS, **labels, status="200") == 3
    assert grown(app, before, REQUESTS, **labels, status="404") == 1
    assert grown(app, before, "flasky_request_seconds_count", **labels) == 4


def test_strangers_cannot_add_series(app: Flask) -> None:
    client = app.test_client()
    dice = random.Random(3)
    methods = ["".join(dice.choices(string.ascii_uppercase, k=6)) for _ in range(20)]
    known = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"]
    for method in [*known, "NEW"]:
        client.open("/nowhere", method=method)
    Scrape(app)  # the page of metrics is a page, too
    before = Scrape(app)

    for number in range(1000):
        path = "".join(dice.choices(string.ascii_letters + "/%?=.", k=12))
        client.open(f"/{number}{path}", method=dice.choice(known + methods))

    after = Scrape(app)
    assert set(after.samples) - set(before.samples) == set()
    assert after.total(REQUESTS) - before.total(REQUESTS) == 1001  # and the scrape before


def test_error_is_counted_by_its_type_and_page(failing_app: Flask) -> None:
    before = Scrape(failing_app)

    failing_app.test_client().get("/fail")

    error = {"type": "LookupError", "endpoint": "fail"}
    answer = {"method": "GET", "endpoint": "fail", "status": "500"}
    assert grown(failing_app, before, "flasky_exceptions_total", **error) == 1
    assert grown(failing_app, before, REQUESTS, **answer) == 1


def test_error_that_reaches_the_server_is_counted_too(failing_app: Flask) -> None:
    before = Scrape(failing_app)
    failing_app.config["PROPAGATE_EXCEPTIONS"] = True

    with pytest.raises(LookupError):
        failing_app.test_client().get("/fail")

    answer = {"method": "GET", "endpoint": "fail", "status": "500"}
    assert grown(failing_app, before, REQUESTS, **answer) == 1
    assert Scrape(failing_app).value("flasky_requests_in_flight") == 1  # the scrape itself


def test_request_is_in_flight_while_it_is_answered_and_no_longer(failing_app: Flask) -> None:
    seen = []

    def look() -> str:
        seen.append(Scrape(failing_app).value("flasky_requests_in_flight"))
        return ""

    failing_app.view_functions["fail"] = look
    failing_app.test_client().get("/fail")
    failing_app.view_functions["fail"] = fail
    failing_app.test_client().get("/fail")
    with failing_app.test_client().get("/static/favicon.svg") as answer:
        assert answer.status_code == 200  # and its body is never read

    assert seen == [2]
    assert Scrape(failing_app).value("flasky_requests_in_flight") == 1


def test_metrics_ask_no_statement_of_ordinary_requests(app: Flask, reader: Reader) -> None:
    with counted_statements(app) as seen:
        reader.open("/")

    assert len(seen) == 1


def test_letters_are_counted_as_they_go_out_or_fail(
    app: Flask, make: Factory, letters: Mailbox, reader: Reader
) -> None:
    ann = make.user("ann")
    before = Scrape(app)

    reader.submit("/auth/reset", {"email": ann.email})
    letters.refusal = "550 no"
    reader.submit("/auth/reset", {"email": ann.email})

    assert grown(app, before, "flasky_mail_total", result="sent") == 1
    assert grown(app, before, "flasky_mail_total", result="failed") == 1


def test_failed_logins_are_counted_and_others_are_not(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann = make.user("ann")
    before = Scrape(app)

    for email in (ann.email, "nobody@example.com"):
        reader.submit("/auth/login", {"email": email, "password": "not the right one"})
    reader.log_in(ann)

    assert grown(app, before, "flasky_logins_failed_total") == 2


def test_outbox_is_shown_by_what_became_of_its_letters(app: Flask) -> None:
    now = utcnow()
    with app.app_context():
        for minutes, columns in (
            (1, {}),
            (5, {}),
            (60, {"last_error": "refused"}),
            (600, {"last_error": "refused", "given_up_at": now}),
            (900, {"sent_at": now}),
        ):
            since = now - timedelta(minutes=minutes)
            words = {"recipient": "a@b.c", "subject": "x", "body_text": "", "body_html": ""}
            db.session.add(Letter(created_at=since, **words, **columns))
        db.session.commit()

    scrape = Scrape(app)

    for state, count, minutes in (("new", 2, 5), ("tried", 1, 60), ("given_up", 1, 600)):
        age = scrape.value("flasky_outbox_oldest_seconds", state=state)
        assert scrape.value("flasky_outbox_letters", state=state) == count
        assert minutes * 60 <= age < minutes * 60 + 60
    assert scrape.value("flasky_database_up") == 1


def test_empty_outbox_is_shown_as_empty(app: Flask) -> None:
    scrape = Scrape(app)

    for state in ("new", "tried", "given_up"):
        assert ("flasky_outbox_letters", (("state", state),)) in scrape.samples
        assert scrape.value("flasky_outbox_letters", state=state) == 0
        assert scrape.value("flasky_outbox_oldest_seconds", state=state) == 0


def test_failed_jobs_are_shown(app: Flask) -> None:
    with app.app_context():
        for retry_at in (None, None, utcnow()):
            db.session.add(FailedJob(name="x", arguments=[], last_error="y", retry_at=retry_at))
        db.session.commit()

    scrape = Scrape(app)

    assert scrape.value("flasky_failed_jobs", state="given_up") == 2
    assert scrape.value("flasky_failed_jobs", state="waiting") == 1


def test_without_a_database_the_rest_is_served() -> None:
    with site_whose_server_has_stopped() as reader:
        reader.client.get("/")
        scrape = Scrape(reader.app)

    assert scrape.value("flasky_database_up") == 0
    assert scrape.value("flasky_exceptions_total", type="OperationalError", endpoint="main.index")
    assert scrape.total(REQUESTS) > 0
    assert scrape.total("flasky_outbox_letters") == 0


def test_release_is_named(tmp_path: Path) -> None:
    app = make_app(
        SQLALCHEMY_DATABASE_URI=new_sqlite_url(tmp_path),
        FLASKY_RELEASE="42",
        FLASKY_COMMIT="c0ffee",
    )

    assert Scrape(app).value("flasky_build_info", release="42", commit="c0ffee") == 1


def show_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Show no pool but this. A connection that another test forgot goes back at any moment."""
    show = Watch._show
    monkeypatch.setattr(Watch, "_show", lambda watch: watch.engine is not engine or show(watch))


def test_connections_of_the_pool_are_followed(
    postgres: EphemeralPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {"pool_size": 2, "max_overflow": 2, "pool_pre_ping": True}
    app = make_app(
        SQLALCHEMY_DATABASE_URI=postgres.new_database(),
        SQLALCHEMY_ENGINE_OPTIONS=options,
        DATABASE_POOL_SIZE=2,
        DATABASE_POOL_OVERFLOW=2,
    )
    with app.app_context():
        show_alone(db.engine, monkeypatch)  # meters belong to the process
        held = [db.engine.connect() for _ in range(3)]
        assert states(app) == (3, 0, 1)

        held.pop().close()
        held.pop().close()
        assert states(app) == (1, 2, 1)  # a pool of two keeps two

        held[0].execute(text("SELECT 1"))
        held[0].invalidate()
        held.pop().close()
        assert states(app) == (0, 2, 0)

        db.engine.dispose()
        assert states(app) == (0, 0, 0)
        assert Scrape(app).value("flasky_database_connections_limit") == 4


def states(app: Flask) -> tuple[float, ...]:
    scrape = Scrape(app)
    name = "flasky_database_connections"
    return tuple(scrape.value(name, state=state) for state in ("checked_out", "idle", "overflow"))
