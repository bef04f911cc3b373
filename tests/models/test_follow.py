"""Following: everyone follows themself, which no count shows and nobody can end."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from app.extensions import db
from app.models import Follow, Post, User
from tests.databases import counted_statements
from tests.models.people import saved

pytestmark = pytest.mark.usefixtures("context")


def counts(user: User) -> tuple[int, int]:
    db.session.refresh(user)
    return user.follower_count, user.following_count


def follows() -> int:
    return db.session.scalar(db.select(db.func.count()).select_from(Follow)) or 0


def test_new_user_follows_themself_and_shows_no_followers() -> None:
    ann = saved()

    assert ann.is_following(ann)
    assert ann.is_followed_by(ann)
    assert counts(ann) == (0, 0)


def test_following_goes_one_way() -> None:
    ann, bob = saved("ann"), saved("bob")

    assert ann.follow(bob)
    db.session.commit()

    assert ann.is_following(bob)
    assert bob.is_followed_by(ann)
    assert not bob.is_following(ann)
    assert not ann.is_followed_by(bob)
    assert counts(ann) == (0, 1)
    assert counts(bob) == (1, 0)


def test_following_twice_counts_once() -> None:
    ann, bob = saved("ann"), saved("bob")

    assert ann.follow(bob)
    assert not ann.follow(bob)
    db.session.commit()

    assert counts(bob) == (1, 0)
    assert follows() == 3


def test_unfollowing_takes_the_follow_back() -> None:
    ann, bob = saved("ann"), saved("bob")
    ann.follow(bob)

    assert ann.unfollow(bob)
    assert not ann.unfollow(bob)
    db.session.commit()

    assert not ann.is_following(bob)
    assert counts(ann) == counts(bob) == (0, 0)


def test_unfollowing_a_stranger_changes_nothing() -> None:
    ann, bob = saved("ann"), saved("bob")

    assert not ann.unfollow(bob)
    assert counts(ann) == counts(bob) == (0, 0)


def test_nobody_stops_following_themself() -> None:
    ann = saved()

    assert not ann.unfollow(ann)
    db.session.commit()

    assert ann.is_following(ann)
    assert counts(ann) == (0, 0)


def test_following_oneself_again_changes_nothing() -> None:
    ann = saved()

    assert not ann.follow(ann)
    db.session.commit()

    assert counts(ann) == (0, 0)
    assert follows() == 1


def test_user_without_an_id_follows_nobody_yet() -> None:
    ann, new = saved(), User(username="new", email="new@example.com")

    assert not new.is_following(ann)
    assert not ann.is_following(new)


def test_follow_remembers_since_when() -> None:
    ann, bob = saved("ann"), saved("bob")
    since = datetime(2026, 1, 2, tzinfo=UTC)

    ann.follow(bob, at=since)

    assert db.session.get_one(Follow, (ann.id, bob.id)).timestamp == since


def test_lists_of_people_leave_oneself_out() -> None:
    ann, bob, cat = saved("ann"), saved("bob"), saved("cat")
    ann.follow(bob)
    cat.follow(ann)

    assert [row.username for row in db.session.execute(ann.followed_rows())] == ["bob"]
    assert [row.username for row in db.session.execute(ann.follower_rows())] == ["cat"]


def test_followed_posts_are_ones_own_and_those_of_people_one_follows() -> None:
    ann, bob, cat = saved("ann"), saved("bob"), saved("cat")
    ann.follow(bob)
    for author in (ann, bob, cat):
        db.session.add(Post(body=author.username, author=author))
    db.session.commit()

    assert {post.body for post in db.session.scalars(ann.followed_posts)} == {"ann", "bob"}
    assert {row.username for row in db.session.execute(Post.rows_followed_by(ann))} == {
        "ann",
        "bob",
    }


def test_self_follows_are_added_by_one_statement_however_many_users(app: Flask) -> None:
    people = [saved(f"user{number}") for number in range(5)]
    people[0].follow(people[1])
    db.session.execute(db.delete(Follow).where(Follow.follower_id == Follow.followed_id))
    db.session.commit()

    with counted_statements(app) as statements:
        added = User.add_self_follows()

    assert added == 5
    assert len(statements) == 1
    assert all(user.is_following(user) for user in people)
    assert counts(people[1]) == (1, 0)
    assert User.add_self_follows() == 0
