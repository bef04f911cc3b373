"""Feeds: their posts, and how many rows PostgreSQL reads for a page."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from app.extensions import db
from app.models import HiddenUser, Post, Slice, User, feed_of
from tests.models.users import create_user
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres, migrated

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMIT = 4

# The authors of the posts, oldest first: f is followed, the others are not.
TIMELINES = {
    "empty": "",
    "only others": "x" * 400,
    "dense": "fx" * 200,
    "all": "f" * 400,
    "only old": "f" * 20 + "x" * 400,
    "a page in two parts": "ff" + "x" * 400 + "ff",
    "one too few": "x" * 299 + "fff",
    "window ends with a page": "f" + "x" * 296 + "ffff",
}


def write(timeline: str, authors: dict[str, User]) -> None:
    """Insert the posts, with two at each time."""
    rows = [
        {
            "body": "-",
            "body_html": "-",
            "author_id": authors[who].id,
            "timestamp": NOON + timedelta(seconds=number // 2),
        }
        for number, who in enumerate(timeline)
    ]
    if rows:
        db.session.execute(insert(Post), rows)
    db.session.commit()


@pytest.mark.usefixtures("context")
@pytest.mark.both_databases
@pytest.mark.parametrize("timeline", TIMELINES.values(), ids=TIMELINES)
def test_pages_are_those_of_the_sorted_posts_of_followed_users(timeline: str) -> None:
    authors = {"f": create_user("followed"), "x": create_user("other")}
    reader = create_user("reader")
    reader.follow(authors["f"])
    reader.follow(muted := create_user("muted"))
    HiddenUser.mute(reader, muted)
    authors["m"] = muted
    write(timeline.replace("xx", "xm"), authors)
    posts = db.session.execute(select(Post.timestamp, Post.id, Post.author_id)).all()
    keys = sorted((row.timestamp, row.id) for row in posts)
    followed = {(row.timestamp, row.id) for row in posts if row.author_id == authors["f"].id}
    feed = feed_of(reader.id, Post.rows(), hides=True)

    def page(after: object = None, before: object = None) -> list[tuple[datetime, int]]:
        query = feed(Slice(after, before, LIMIT))  # type: ignore[arg-type]  # keys
        rows = db.session.execute(*query)
        return [(row.timestamp, row.id) for row in rows]

    newest = [key for key in reversed(keys) if key in followed]
    assert page() == newest[:LIMIT]
    for cursor in keys[:: max(len(keys) // 40, 1)]:
        assert page(before=cursor) == [key for key in newest if key < cursor][:LIMIT]
        assert page(after=cursor) == [key for key in reversed(newest) if key > cursor][:LIMIT]


# Whom a reader follows, of 400 users. The first has written half of the posts, and every fourth
# nothing for years.
FEEDS = {
    "nobody": "false",
    "few": "id % 40 = 3",
    "many": "id % 2 = 1",
    "silent": "id % 4 = 0",
    "prolific": "id = 1",
}
USERS = """
INSERT INTO users
  (id, email, username, security_stamp, confirmed, avatar_hash, member_since, last_seen)
SELECT id, id || '@example.com', 'user' || id, '-', true, '-', now(), now()
FROM generate_series(1, 400) AS id
"""
POSTS = """
INSERT INTO posts (body, body_html, timestamp, author_id)
SELECT repeat('-', 300), repeat('-', 300), now() + make_interval(secs => number)
                 - CASE WHEN author % 4 = 0 THEN interval '5 years' ELSE interval '0' END, author
FROM (SELECT number, CASE WHEN number % 2 = 0 THEN 1 ELSE number % 400 + 1 END AS author
      FROM generate_series(:first, :last) AS number) AS numbers
"""


def rows_read(reader_id: int, before: tuple[datetime, int] | None, hides: bool) -> int:
    """Return how many rows PostgreSQL reads for a page of a feed."""
    statement, parameters = feed_of(reader_id, Post.rows(), hides)(Slice(None, before, 21))
    statement = statement.params(parameters)
    compiled = statement.compile(db.engine, compile_kwargs={"literal_binds": True})
    explain = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {compiled}")
    return rows_of(db.session.scalars(explain).one()[0]["Plan"])


def rows_of(plan: dict[str, Any]) -> int:
    """Return how many rows the scans of a plan read."""
    count = sum(rows_of(child) for child in plan.get("Plans", []))
    if plan["Node Type"].endswith("Scan"):
        each = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        count += each * plan["Actual Loops"]
    return count


@pytest.mark.slow
def test_cost_does_not_depend_on_the_posts_of_others(postgres: EphemeralPostgres) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=postgres.new_database())
    with migrated(app), app.app_context():
        db.session.execute(text(USERS))
        for reader_id, followed in enumerate(FEEDS.values(), 1001):
            db.session.execute(text(USERS.replace("(1, 400)", f"({reader_id}, {reader_id})")))
            follows = f"SELECT {reader_id}, id, now() FROM users WHERE ({followed}) AND id <= 400"
            db.session.execute(text(f"INSERT INTO follows {follows}"))
            mutes = f"SELECT {reader_id}, id, 'mute', now() FROM users WHERE id % 3 = 0"
            columns = "user_id, hidden_id, kind, timestamp"
            db.session.execute(text(f"INSERT INTO hidden_users ({columns}) {mutes}"))
        for size in (20_000, 60_000):
            db.session.execute(text(POSTS), {"first": size // 2, "last": size})
            db.session.commit()
            db.session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
            db.session.execute(text("VACUUM ANALYZE"))
            db.session.commit()
            middle = select(Post.timestamp, Post.id).order_by(Post.timestamp).offset(size // 4)
            timestamp, post_id = db.session.execute(middle.limit(1)).one()
            for cursor in (None, (timestamp, post_id)):
                costs = {
                    (name, hides): rows_read(reader_id, cursor, hides)
                    for reader_id, name in enumerate(FEEDS, 1001)
                    for hides in (False, True)
                }
                assert max(costs.values()) < 8_000, (size, cursor, costs)
