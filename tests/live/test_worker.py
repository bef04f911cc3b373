"""The process `live`, started by gunicorn: events, logins, limits, and how it stops."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from flask import Flask

from app.extensions import db
from app.live.worker import MAX_PER_USER
from tests.live.listening import LiveProcess
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres, clear_database, migrated
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.mailbox import Mailbox
from tests.support.servers import eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gunicorn")]

FIRST = "?feed=all&after=0-0"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def postgres_app(postgres: EphemeralPostgres, mail_server: Mailbox) -> Iterator[Flask]:
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.new_database(), **mail_server.settings)
    with migrated(app):
        yield app


@pytest.fixture
def app(postgres_app: Flask) -> Iterator[Flask]:
    """The application on PostgreSQL, whose database the process uses, too."""
    yield postgres_app
    clear_database(postgres_app)


@pytest.fixture(scope="module")
def environment(postgres_app: Flask) -> dict[str, str]:
    url = str(postgres_app.config["SQLALCHEMY_DATABASE_URI"]).replace("+psycopg2", "")
    path = os.environ["PATH"]
    return {"PATH": path, "FLASK_CONFIG": "testing", "TEST_DATABASE_URL": url}


@pytest.fixture(scope="module")
def live(environment: dict[str, str]) -> Iterator[LiveProcess]:
    with LiveProcess(environment) as running:
        yield running


@pytest.fixture
def ann(make: Factory) -> UserData:
    return make.user("ann")


@pytest.fixture
def own(client: SiteClient, ann: UserData) -> str:
    """Ann's cookie."""
    return cookie(client.log_in(ann))


def cookie(client: SiteClient) -> str:
    session = client.client.get_cookie("session")
    assert session is not None
    return f"session={session.value}"


def test_posts_and_notifications_are_sent(
    live: LiveProcess, make: Factory, ann: UserData, own: str
) -> None:
    bob, muted = make.user("bob"), make.user("muted")
    make.mute(ann, muted)
    post = make.post(ann, timestamp=LONG_AGO)  # which the poller does not see
    with live.listen(own, FIRST) as stream:
        assert stream.response.headers["Content-Type"] == "text/event-stream"
        assert "no-store" in stream.response.headers["Cache-Control"]
        assert stream.next() == {"posts": 1, "unread": 0}
        make.post(muted)
        make.post(bob)
        stream.wait_for({"posts": 2, "unread": 0})
        make.comment(bob, post)
        stream.wait_for({"posts": 2, "unread": 1})


def test_post_whose_commit_is_late_is_sent(
    live: LiveProcess, make: Factory, ann: UserData, own: str
) -> None:
    columns = "(body, body_html, timestamp, author_id) VALUES ('x', 'x', now(), :user)"
    with make.app.app_context(), db.engine.connect() as late:
        late.execute(db.text(f"INSERT INTO posts {columns}"), {"user": ann.id})
        with live.listen(own, FIRST) as stream:
            assert stream.next() == {"posts": 0, "unread": 0}
            make.post(ann)
            stream.wait_for({"posts": 1, "unread": 0})
            late.commit()

            stream.wait_for({"posts": 2, "unread": 0})


def test_stream_ends_with_the_login(live: LiveProcess, client: SiteClient, own: str) -> None:
    with live.listen(own) as stream:
        stream.next()
        client.submit("/", action="/auth/logout")

        assert stream.next() is None
    assert live.status(own) == 403


def test_listeners_are_limited(environment: dict[str, str], make: Factory, own: str) -> None:
    other = cookie(SiteClient(make.app).log_in(make.user("bob")))
    limit = ("--worker-connections", str(MAX_PER_USER + 1))
    with LiveProcess(environment, *limit) as live, ExitStack() as streams:
        for _ in range(MAX_PER_USER):
            streams.enter_context(live.listen(own)).next()
        assert live.status(own) == 503
        streams.enter_context(live.listen(other)).next()
        assert live.status(other) == 503

        streams.close()
        eventually(lambda: live.status(path="/healthz") == 200)


def test_streams_end_when_the_process_stops(environment: dict[str, str], own: str) -> None:
    with LiveProcess(environment) as live:
        with live.listen(own) as stream:
            stream.next()
            os.kill(live.pid, signal.SIGTERM)

            assert stream.next() is None
        assert live.stop() == 0
        assert "Forcing close" not in live.log
        assert live.log.count("/live/stream") == 1


def test_streams_survive_an_outage_of_the_database(
    environment: dict[str, str],
    postgres: EphemeralPostgres,
    make: Factory,
    ann: UserData,
    own: str,
) -> None:
    with LiveProcess(environment) as live, live.listen(own, FIRST) as stream:
        stream.next()
        postgres.stop()
        try:
            eventually(lambda: "Live updates pause" in live.log, "a warning")
        finally:
            postgres.start()
        eventually(lambda: "Live updates continue" in live.log, "another warning")
        make.post(ann)

        stream.wait_for({"posts": 1, "unread": 0})
        assert live.log.count("Live updates pause") == 1
