"""What the poller asks for reads few rows of tables that have grown."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from app.extensions import db
from app.models import live, utcnow
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres, migrated, record_buffers

pytestmark = pytest.mark.slow

SIZE = 20_000
LISTENERS = range(1, 101)
MAX_BUFFERS = 10  # pages of the database for each listener

# All users follow and have blocked the first one, and have written a post and been notified.
ROWS = """
INSERT INTO users
  (id, email, username, security_stamp, confirmed, avatar_hash, member_since, last_seen)
  SELECT id, id || '@example.com', 'user' || id, '-', true, '-', now(), now()
  FROM generate_series(1, :size) AS id;
INSERT INTO follows SELECT id, 1, now() FROM users;
INSERT INTO hidden_users (user_id, hidden_id, kind, timestamp)
  SELECT id, 1, 'block', now() FROM users WHERE id > 1;
INSERT INTO posts (id, body, body_html, timestamp, author_id)
  SELECT id, '', '', now() - make_interval(secs => id), id FROM users;
INSERT INTO notifications (user_id, timestamp, kind, row_id, actor_id)
  SELECT id, now() - make_interval(secs => id), 'follow', 1, 1 FROM users;
INSERT INTO login_sessions (id, user_id, digest, security_stamp, timestamp, expires_at)
  SELECT id, id, id, '-', now(), now() + interval '1 day' FROM users;
ANALYZE
"""


@pytest.fixture(scope="module")
def grown(postgres: EphemeralPostgres) -> Iterator[Flask]:
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.new_database())
    with migrated(app), app.app_context():
        for statement in ROWS.split(";"):
            db.session.execute(text(statement), {"size": SIZE} if ":size" in statement else {})
        db.session.commit()
        yield app


def test_polls_read_few_rows(grown: Flask) -> None:
    a_minute_ago = utcnow() - timedelta(minutes=1)

    with record_buffers(grown) as buffers:
        posts = db.session.execute(live.posts_since(a_minute_ago)).all()
        notified = db.session.execute(live.notifications_since(a_minute_ago)).all()
        hidden = db.session.execute(live.hidden_pairs(LISTENERS, {1})).all()
        followed = db.session.execute(live.followed_pairs(LISTENERS, {1})).all()
        unread = db.session.execute(live.unread_counts(LISTENERS)).all()

    assert 0 < len(posts) <= 60
    assert 0 < len(notified) <= 60
    assert [len(hidden), len(followed), len(unread)] == [99, 100, 100]
    assert len(buffers) == 5
    assert max(buffers.values()) < MAX_BUFFERS * len(LISTENERS), buffers


def test_number_of_rows_is_bounded(grown: Flask) -> None:
    for rows in (live.posts_since, live.notifications_since):
        found = db.session.execute(rows(utcnow() - timedelta(days=1))).all()
        assert len(found) == live.MAX_ROWS
