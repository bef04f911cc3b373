"""The denormalized counts equal the rows after any sequence of changes."""

from random import Random
from typing import TypeVar

import pytest
from sqlalchemy import select

from app.deletion import delete_user
from app.extensions import db
from app.models import Comment, Post, User
from tests.models.counts import dangling_references, wrong_counts
from tests.models.users import create_user

pytestmark = [pytest.mark.usefixtures("context"), pytest.mark.both_databases]

STEPS = 60
Row = TypeVar("Row", Post, Comment)


class RandomChanges:
    """Random changes to users, follows, posts and comments."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.created_users = 0

    def create_user(self) -> None:
        self.created_users += 1
        create_user(f"user{self.created_users}")

    def delete_user(self) -> None:
        delete_user(self.user())

    def follow(self) -> None:
        self.user().follow(self.user())

    def unfollow(self) -> None:
        self.user().unfollow(self.user())

    def create_post(self) -> None:
        db.session.add(Post(body="Hello", author=self.user()))

    def create_comment(self) -> None:
        for post in self.any_row(Post):
            db.session.add(Comment(body="Well said.", author=self.user(), post=post))

    def suspend_comment(self) -> None:
        for comment in self.any_row(Comment):
            comment.suspend(by=self.user())

    def delete_post(self) -> None:
        for post in self.any_row(Post):
            db.session.delete(post)

    def delete_comment(self) -> None:
        for comment in self.any_row(Comment):
            db.session.delete(comment)

    def roll_back(self) -> None:
        self.create_post()
        self.follow()
        self.create_comment()
        db.session.rollback()

    def user(self) -> User:
        users = db.session.scalars(select(User).order_by(User.id)).all()
        if not users:
            self.create_user()
            return self.user()
        return self.random.choice(users)

    def any_row(self, model: type[Row]) -> list[Row]:
        """Return a list of one random row, or an empty list if there is none."""
        rows = db.session.scalars(select(model).order_by(model.id)).all()
        return [self.random.choice(rows)] if rows else []


WEIGHTS = {
    "create_user": 3,
    "delete_user": 1,
    "follow": 6,
    "unfollow": 3,
    "create_post": 4,
    "create_comment": 6,
    "suspend_comment": 1,
    "delete_post": 1,
    "delete_comment": 2,
    "roll_back": 1,
}


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_right_after_any_sequence_of_changes(seed: int) -> None:
    changes, history = RandomChanges(seed), []

    for step in range(1, STEPS + 1):
        change = changes.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        getattr(changes, change)()
        db.session.commit()
        history.append(change)
        if step % 5 == 0:
            assert wrong_counts() == [], history

    assert dangling_references() == []


def test_each_change_in_one_transaction_counts() -> None:
    ann = create_user("ann")
    posts = [Post(body="Hello", author=ann) for _ in range(3)]
    db.session.add_all(posts)
    db.session.flush()
    db.session.add_all(Comment(body="Well said.", author=ann, post=posts[0]) for _ in range(2))
    db.session.flush()
    db.session.delete(posts[1])
    db.session.commit()

    assert (ann.post_count, posts[0].comment_count) == (2, 2)
    assert wrong_counts() == []
