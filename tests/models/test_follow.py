"""Follows. Every user follows themself, which is not counted and cannot be undone."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from app.extensions import db
from app.models import Follow, Post, User
from tests.models.users import create_user
from tests.support.databases import record_statements

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]


def counts(user: User) -> tuple[int, int]:
    db.session.refresh(user)
    return user.follower_count, user.following_count


def test_new_user_follows_themself_and_has_no_followers() -> None:
    ann = create_user()

    assert ann.is_following(ann)
    assert ann.is_followed_by(ann)
    assert not ann.follow(ann)
    assert not ann.unfollow(ann)
    assert ann.is_following(ann)
    assert counts(ann) == (0, 0)


def test_following_is_one_way_and_counted_once() -> None:
    ann, bob = create_user("ann"), create_user("bob")

    assert ann.follow(bob)
    assert not ann.follow(bob)
    db.session.commit()

    assert ann.is_following(bob)
    assert bob.is_followed_by(ann)
    assert not bob.is_following(ann)
    assert not ann.is_followed_by(bob)
    assert (counts(ann), counts(bob)) == ((0, 1), (1, 0))


def test_unfollowing_is_counted_once() -> None:
    ann, bob = create_user("ann"), create_user("bob")
    assert not ann.unfollow(bob)
    ann.follow(bob)

    assert ann.unfollow(bob)
    assert not ann.unfollow(bob)
    db.session.commit()

    assert not ann.is_following(bob)
    assert counts(ann) == counts(bob) == (0, 0)


def test_user_without_an_id_follows_no_one() -> None:
    ann, new = create_user(), User(username="new", email="new@example.com")

    assert not new.is_following(ann)
    assert not ann.is_following(new)


def test_follow_stores_the_timestamp() -> None:
    ann, bob = create_user("ann"), create_user("bob")
    timestamp = datetime(2026, 1, 2, tzinfo=UTC)

    ann.follow(bob, timestamp=timestamp)

    assert db.session.get_one(Follow, (ann.id, bob.id)).timestamp == timestamp


def test_lists_exclude_the_user() -> None:
    ann, bob, cat = (create_user(name) for name in ("ann", "bob", "cat"))
    ann.follow(bob)
    cat.follow(ann)

    assert [row.username for row in db.session.execute(ann.followed_rows())] == ["bob"]
    assert [row.username for row in db.session.execute(ann.follower_rows())] == ["cat"]


def test_feed_contains_own_posts_and_those_of_followed_users() -> None:
    ann, bob, cat = (create_user(name) for name in ("ann", "bob", "cat"))
    ann.follow(bob)
    for author in (ann, bob, cat):
        db.session.add(Post(body=author.username, author=author))
    db.session.commit()

    assert {post.body for post in db.session.scalars(ann.followed_posts)} == {"ann", "bob"}


def test_self_follows_are_added_by_one_statement(app: Flask) -> None:
    users = [create_user(f"user{number}") for number in range(5)]
    users[0].follow(users[1])
    db.session.execute(db.delete(Follow).where(Follow.follower_id == Follow.followed_id))
    db.session.commit()

    with record_statements(app) as statements:
        added = User.add_self_follows()

    assert (added, len(statements)) == (5, 1)
    assert all(user.is_following(user) for user in users)
    assert counts(users[1]) == (1, 0)
    assert User.add_self_follows() == 0
