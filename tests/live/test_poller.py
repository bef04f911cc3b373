"""What the poller finds for listeners, on both databases."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, insert, update

from app.extensions import db
from app.live.listeners import Listener
from app.live.poller import CHECK_INTERVAL, Poller
from app.models import LoginSession, Post, User, utcnow
from app.models.live import MAX_NEW
from tests.support.databases import record_statements
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient

pytestmark = pytest.mark.both_databases


class Polling:
    """A poller and its listeners."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.listeners: list[Listener] = []
        self.poller = Poller(app, self.listeners)
        self.poller.poll()

    def listen(self, user: UserData, feed: str | None = "all") -> Listener:
        """Return a new listener of a user who logs in."""
        SiteClient(self.app).log_in(user)
        with self.app.app_context():
            session_id = db.session.scalars(
                db.select(LoginSession.id)
                .where(LoginSession.user_id == user.id)
                .order_by(LoginSession.id.desc())
            ).first()
        listener = Listener()
        listener.start(user.id, session_id or 0, feed, 0)
        self.listeners.append(listener)
        return listener

    def check(self) -> None:
        """Poll, and look at all login sessions."""
        self.poller.checked -= CHECK_INTERVAL
        self.poller.poll()

    def execute(self, statement: db.Executable) -> None:  # type: ignore[name-defined]  # dynamic
        with self.app.app_context():
            db.session.execute(statement)
            db.session.commit()


@pytest.fixture
def polling(app: Flask) -> Polling:
    return Polling(app)


@pytest.fixture
def ann(make: Factory) -> UserData:
    return make.user("ann")


@pytest.fixture
def bob(make: Factory) -> UserData:
    return make.user("bob")


def test_posts_are_counted_if_the_feed_shows_them(
    polling: Polling, make: Factory, ann: UserData, bob: UserData
) -> None:
    muted, blocked, blocker, eve = (make.user(name) for name in ("muted", "blocked", "bl", "eve"))
    make.follow(ann, bob)
    make.follow(ann, muted)
    every, followed, none = (polling.listen(ann, feed) for feed in ("all", "followed", None))
    make.mute(ann, muted)  # while she listens
    make.block(ann, blocked)
    make.block(blocker, ann)
    authors = (bob, eve, ann, muted, blocked, blocker, make.user("spam", suspended_at=utcnow()))
    ids = [make.post(author) for author in authors]

    polling.poller.poll()
    polling.poller.poll()

    assert every.posts == set(ids[:3])
    assert followed.posts == {ids[0], ids[2]}
    assert none.posts == set()


def test_number_of_posts_is_bounded(polling: Polling, make: Factory, ann: UserData) -> None:
    listener = polling.listen(ann)
    for _ in range(MAX_NEW + 5):
        make.post(ann)

    polling.poller.poll()

    assert len(listener.posts) == MAX_NEW + 1


def test_posts_from_before_the_process_are_not_new(
    app: Flask, make: Factory, ann: UserData
) -> None:
    make.post(ann)
    polling = Polling(app)
    listener = polling.listen(ann)

    Poller(app, polling.listeners).poll()

    assert listener.posts == set()


def test_post_that_becomes_visible_late_is_new(
    polling: Polling, make: Factory, ann: UserData
) -> None:
    listener = polling.listen(ann)
    make.post(ann)
    polling.poller.poll()
    values = {"body": "x", "body_html": "x", "author_id": ann.id}
    polling.execute(insert(Post).values(timestamp=utcnow() - timedelta(seconds=30), **values))

    polling.poller.poll()

    assert len(listener.posts) == 2


def test_notifications_are_counted_at_once_and_read_ones_later(
    polling: Polling, make: Factory, ann: UserData, bob: UserData
) -> None:
    listeners = [polling.listen(ann), polling.listen(ann), polling.listen(bob)]
    polling.poller.poll()
    make.comment(bob, make.post(ann))

    polling.poller.poll()
    assert [one.unread for one in listeners] == [1, 1, 0]

    polling.execute(update(User).values(notifications_read_at=utcnow()))
    polling.check()
    assert [one.unread for one in listeners] == [0, 0, 0]


@pytest.mark.parametrize("end", ["logout", "expiry", "password", "suspension"])
def test_stream_ends_with_the_login(
    polling: Polling, ann: UserData, bob: UserData, end: str
) -> None:
    ended, kept = polling.listen(ann), polling.listen(bob)
    polling.execute(
        {
            "logout": delete(LoginSession).where(LoginSession.user_id == ann.id),
            "expiry": update(LoginSession)
            .where(LoginSession.user_id == ann.id)
            .values(expires_at=utcnow()),
            "password": update(User).where(User.id == ann.id).values(security_stamp="other"),
            "suspension": update(User).where(User.id == ann.id).values(suspended_at=utcnow()),
        }[end]
    )

    polling.check()

    assert (ended.is_closed, kept.is_closed) == (True, False)


def test_number_of_statements_does_not_depend_on_listeners(
    polling: Polling, make: Factory, ann: UserData, bob: UserData
) -> None:
    for user in (ann, bob) * 5:
        polling.listen(user)
    polling.poller.poll()
    with record_statements(polling.app) as idle:
        polling.poller.poll()
    make.comment(bob, make.post(ann))
    with record_statements(polling.app) as busy:
        polling.poller.poll()

    assert (len(idle), len(busy)) == (2, 5)
