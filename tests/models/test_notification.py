"""Notifications are written once, with what they are about, and go with it."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select

from app import deletion
from app.deletion import delete_user
from app.extensions import db
from app.markdown import MAX_MENTIONS
from app.models import Comment, HiddenUser, Notification, Post, User, utcnow
from tests.models.users import create_user
from tests.support.databases import record_statements

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]


@pytest.fixture
def users() -> list[User]:
    return [create_user(name, confirmed=True) for name in ("ann", "bob", "mo")]


def add_post(author: User, body: str = "Words") -> Post:
    post = Post(body=body, author_id=author.id)
    db.session.add(post)
    db.session.commit()
    return post


def add_comment(author: User, post: Post, body: str = "Well said") -> Comment:
    comment = Comment(body=body, author_id=author.id, post_id=post.id)
    db.session.add(comment)
    db.session.commit()
    return comment


def kinds(user: User) -> list[str]:
    rows = db.session.execute(Notification.rows_of(user).order_by(Notification.id))
    return [row.kind for row in rows]


def unread(user: User) -> int:
    return db.session.scalar(select(Notification.unread_count()).where(User.id == user.id)) or 0


def test_comment_notifies_the_author_of_the_post_once(users: list[User]) -> None:
    ann, bob, _mo = users
    post = add_post(ann)

    add_comment(bob, post, "@ann is right")
    add_comment(ann, post, "Thank you")

    assert kinds(ann) == ["comment"]
    assert kinds(bob) == []


def test_mentioned_users_are_notified(users: list[User]) -> None:
    ann, bob, mo = users

    post = add_post(ann, "@Bob and @bob, @ann, @missing")
    add_comment(bob, post, "What do you say, @MO?")

    assert kinds(bob) == ["post_mention"]
    assert kinds(mo) == ["comment_mention"]
    assert kinds(ann) == ["comment"]


def test_editing_a_text_does_not_notify(users: list[User]) -> None:
    ann, bob, _mo = users
    post = add_post(ann)

    post.body = "@bob"
    db.session.commit()

    assert kinds(bob) == []


def test_users_without_access_are_not_notified(users: list[User]) -> None:
    ann, bob, mo = users
    bob.suspend("Spam")
    mo.confirmed = False
    db.session.commit()

    add_post(ann, "@bob @mo")

    assert db.session.scalars(select(Notification)).all() == []


def test_hidden_users_do_not_notify(users: list[User]) -> None:
    ann, bob, mo = users
    post = add_post(ann)
    for user in (bob, mo):
        add_comment(user, post)
    assert len(kinds(ann)) == 2

    HiddenUser.mute(ann, bob)
    HiddenUser.block(mo, ann)
    db.session.commit()
    for user in (bob, mo):
        add_comment(user, post, "@ann again")
        Notification.add_follow(user, ann)
        add_post(user, "@ann once more")

    db.session.expire_all()
    assert kinds(ann) == []
    rows = select(Notification).where(Notification.user_id == ann.id)
    assert len(db.session.scalars(rows).all()) == 2, "those of before"


def test_a_text_takes_one_statement_and_notifies_few_users(app: Flask, users: list[User]) -> None:
    names = [create_user(f"user{n}", confirmed=True).username for n in range(MAX_MENTIONS + 1)]
    ids = {"post_id": add_post(users[0]).id, "author_id": users[1].id}

    with record_statements(app) as executed:
        db.session.add(Comment(body=" ".join(f"@{name}" for name in names), **ids))
        db.session.commit()

    rows = db.session.scalars(select(Notification.kind)).all()
    assert sorted(rows) == ["comment", *["comment_mention"] * MAX_MENTIONS]
    assert len(executed) == 3  # the comment, its number in the post, the notifications


def test_following_again_does_not_notify_again(users: list[User]) -> None:
    ann, bob, _mo = users
    for _ in range(2):
        Notification.add_follow(ann, bob)
    Notification.add_follow(ann, ann)

    assert kinds(bob) == ["follow"]
    assert kinds(ann) == []


def test_hidden_comment_notifies_its_author_alone(users: list[User]) -> None:
    ann, bob, mo = users
    comment = add_comment(bob, add_post(ann), "@mo look")

    comment.suspend(by=mo)
    db.session.commit()
    assert [kinds(user) for user in users] == [[], ["comment_disabled"], []]
    [row] = db.session.execute(Notification.rows_of(bob))
    assert (row.actor_id, row.username) == (None, None)  # moderators are not named

    comment.restore()
    db.session.commit()
    assert [kinds(user) for user in users] == [[], [], []]


def test_moderators_are_not_notified_of_their_own_decisions(users: list[User]) -> None:
    ann, _bob, mo = users
    comment = add_comment(mo, add_post(ann))

    comment.suspend(by=mo)
    db.session.commit()

    assert kinds(mo) == []


def test_notifications_go_with_a_comment(users: list[User]) -> None:
    ann, bob, _mo = users
    comment = add_comment(bob, add_post(ann))

    db.session.delete(comment)
    db.session.commit()

    assert db.session.scalars(select(Notification.id)).all() == []


def test_notifications_of_hidden_users_and_posts_are_hidden(users: list[User]) -> None:
    ann, bob, mo = users
    post = add_post(mo, "@ann")
    Notification.add_follow(bob, ann)
    assert (kinds(ann), unread(ann)) == (["post_mention", "follow"], 2)

    bob.suspend("Spam")
    post.deleted_at = utcnow()
    db.session.commit()
    assert (kinds(ann), unread(ann)) == ([], 1)  # until the post is deleted

    bob.reinstate()
    db.session.commit()
    assert kinds(ann) == ["follow"]


def test_unread_notifications_are_counted_up_to_a_limit(
    users: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Notification, "MAX_UNREAD", 2)
    ann, bob, _mo = users
    post = add_post(ann)
    for number in range(1, 5):
        add_comment(bob, post)
        assert unread(ann) == min(number, 3)
    assert unread(bob) == 0


def test_read_is_what_is_older_than_the_page(users: list[User]) -> None:
    ann, bob, _mo = users
    Notification.add_follow(bob, ann)
    page = utcnow()
    add_comment(bob, add_post(ann))

    Notification.mark_read(ann, page)
    db.session.commit()
    assert unread(ann) == 1

    Notification.mark_read(ann, page - timedelta(days=1))  # an older page
    assert ann.notifications_read_at == page
    Notification.mark_read(ann, datetime.max.replace(tzinfo=page.tzinfo))
    assert ann.notifications_read_at <= utcnow()


def test_notifications_of_a_deleted_user_are_deleted_in_batches(
    app: Flask, users: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "BATCH", 2)
    ann, bob, mo = users
    for number in range(5):
        follower = create_user(f"user{number}", confirmed=True)
        Notification.add_follow(follower, ann)
        Notification.add_follow(ann, follower)
    Notification.add_follow(bob, mo)
    delete_user(ann)

    with record_statements(app) as executed:
        db.session.commit()

    assert db.session.scalars(select(Notification.user_id)).all() == [mo.id]
    # Three batches of each kind and a last one that finds none, twice.
    assert len([one for one in executed if one.startswith("DELETE FROM notifications")]) >= 8


def test_deleting_a_row_of_the_actor_needs_no_other_statement(users: list[User]) -> None:
    ann, bob, _mo = users
    Notification.add_follow(ann, bob)
    db.session.commit()

    db.session.execute(delete(User).where(User.id == ann.id))

    assert db.session.scalars(select(Notification.id)).all() == []
