"""Blocks and mutes: what they end, whom they hide, and what others cannot find out."""

from threading import Thread

import pytest
from flask import Flask

from app import deletion
from app.extensions import db
from app.models import Blocked, HiddenUser, TooManyHiddenUsers, User
from app.models.hidden_user import BLOCK, MUTE
from tests.models.counts import wrong_counts
from tests.models.users import create_user
from tests.support.concurrency import wait_for_lock
from tests.support.factories import Factory, UserData

pytestmark = pytest.mark.both_databases


def hidden_from(user: User, blockers: bool = True) -> set[str]:
    """Return the names of the users who are hidden from `user`."""
    hidden = HiddenUser.hides(User.id, user.id, blockers)
    return set(db.session.scalars(db.select(User.username).where(hidden)))


@pytest.mark.usefixtures("context")
def test_block_hides_in_both_directions_and_a_mute_in_one() -> None:
    ann, bob, cat = (create_user(name) for name in ("ann", "bob", "cat"))

    assert HiddenUser.block(ann, bob)
    assert HiddenUser.mute(ann, cat)
    db.session.commit()

    assert hidden_from(ann) == {"bob", "cat"}
    assert (hidden_from(bob), hidden_from(bob, blockers=False)) == ({"ann"}, set())
    assert hidden_from(cat) == set()
    assert (ann.hides_users, bob.hides_users, cat.hides_users) == (True, True, False)


@pytest.mark.usefixtures("context")
def test_block_ends_follows_and_prevents_new_ones() -> None:
    ann, bob = create_user("ann"), create_user("bob")
    ann.follow(bob)
    bob.follow(ann)

    assert HiddenUser.block(ann, bob)
    assert not HiddenUser.block(ann, bob)
    db.session.commit()

    assert not ann.is_following(bob)
    assert not bob.is_following(ann)
    assert wrong_counts() == []
    for follower, followed in ((ann, bob), (bob, ann)):
        with pytest.raises(Blocked):
            follower.follow(followed)
        db.session.rollback()
    assert HiddenUser.remove(ann, bob, BLOCK)
    assert bob.follow(ann)


@pytest.mark.usefixtures("context")
def test_mute_keeps_follows() -> None:
    ann, bob = create_user("ann"), create_user("bob")
    ann.follow(bob)

    assert HiddenUser.mute(ann, bob)

    assert ann.is_following(bob)
    assert bob.follow(ann)


@pytest.mark.usefixtures("context")
def test_block_replaces_a_mute_and_includes_it() -> None:
    ann, bob = create_user("ann"), create_user("bob")

    assert HiddenUser.mute(ann, bob)
    assert not HiddenUser.mute(ann, bob)
    assert HiddenUser.block(ann, bob)
    assert not HiddenUser.mute(ann, bob)
    assert not HiddenUser.remove(ann, bob, MUTE)

    assert [row.kind for row in db.session.execute(HiddenUser.rows(ann))] == [BLOCK]
    assert db.session.execute(HiddenUser.rows(ann, MUTE)).all() == []
    assert db.session.execute(HiddenUser.rows(bob)).all() == []
    assert HiddenUser.remove(ann, bob, BLOCK)
    assert not HiddenUser.remove(ann, bob, BLOCK)
    assert hidden_from(ann) == hidden_from(bob) == set()


@pytest.mark.usefixtures("context")
def test_one_user_cannot_undo_what_another_did() -> None:
    ann, bob = create_user("ann"), create_user("bob")
    HiddenUser.block(ann, bob)

    assert not HiddenUser.remove(bob, ann, BLOCK)

    assert hidden_from(bob) == {"ann"}


@pytest.mark.usefixtures("context")
def test_number_of_blocks_and_mutes_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HiddenUser, "MAX", 2)
    ann, *others = (create_user(name) for name in ("ann", "bob", "cat", "dan"))
    HiddenUser.block(ann, others[0])
    HiddenUser.mute(ann, others[1])
    db.session.commit()

    for hide in (HiddenUser.block, HiddenUser.mute):
        with pytest.raises(TooManyHiddenUsers):
            hide(ann, others[2])
        db.session.rollback()

    assert HiddenUser.block(ann, others[1])  # a mute becomes a block: no additional row
    assert HiddenUser.block(others[2], ann)


@pytest.mark.parametrize("first", ["follow", "block"])
def test_block_and_follow_at_the_same_moment_leave_no_follow(
    app: Flask, make: Factory, first: str
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    refused: list[bool] = []

    def follow() -> None:
        try:
            user(bob).follow(user(ann))
        except Blocked:
            refused.append(True)
            db.session.rollback()

    def block() -> None:
        HiddenUser.block(user(ann), user(bob))

    begin, second = (follow, block) if first == "follow" else (block, follow)

    def in_another_transaction() -> None:
        with app.app_context():
            second()
            db.session.commit()

    with app.app_context():
        begin()
        thread = Thread(target=in_another_transaction)
        thread.start()
        wait_for_lock(app, thread)
        db.session.commit()
    thread.join()

    assert refused == ([] if first == "follow" else [True])
    with app.app_context():
        assert not user(bob).is_following(user(ann))
        assert hidden_from(user(ann)) == {"bob"}
        assert wrong_counts() == []


def user(data: UserData) -> User:
    return db.session.get_one(User, data.id)


def test_block_waits_for_an_unfollow(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    make.follow(bob, ann)

    def block() -> None:
        with app.app_context():
            HiddenUser.block(user(ann), user(bob))
            db.session.commit()

    with app.app_context():
        assert user(bob).unfollow(user(ann))
        thread = Thread(target=block)
        thread.start()
        wait_for_lock(app, thread)
        db.session.commit()
    thread.join()

    with app.app_context():
        assert hidden_from(user(ann)) == {"bob"}
        assert wrong_counts() == []


def test_blocks_and_mutes_are_deleted_with_either_user(
    app: Flask, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "BATCH", 1)
    ann, bob, cat = (make.user(name) for name in ("ann", "bob", "cat"))
    for other in (bob, cat):
        make.block(ann, other)
        make.mute(other, ann)
    make.mute(bob, cat)

    with app.app_context():
        deletion.delete_user(user(ann))
        db.session.commit()

    with app.app_context():
        [row] = db.session.scalars(db.select(HiddenUser))
        assert (row.user_id, row.hidden_id) == (bob.id, cat.id)
