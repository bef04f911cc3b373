"""The counts that pages show stay equal to the rows they count, whatever happens."""

from random import Random
from typing import TypeVar

import pytest
from sqlalchemy import select

from app.extensions import db
from app.models import Comment, Post, User, delete_user
from tests.models.counting import orphans, wrong_counts
from tests.models.people import saved

pytestmark = pytest.mark.usefixtures("context")

STEPS = 60
Row = TypeVar("Row", Post, Comment)


class Community:
    """People who do something at random, one thing after another."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.born = 0

    def join(self) -> None:
        self.born += 1
        saved(f"user{self.born}")

    def leave(self) -> None:
        delete_user(self.anyone())

    def follow(self) -> None:
        self.anyone().follow(self.anyone())

    def unfollow(self) -> None:
        self.anyone().unfollow(self.anyone())

    def write(self) -> None:
        db.session.add(Post(body="Hello", author=self.anyone()))

    def comment(self) -> None:
        for post in self.some(Post):
            db.session.add(Comment(body="Well said.", author=self.anyone(), post=post))

    def suspend(self) -> None:
        for comment in self.some(Comment):
            comment.suspend(by=self.anyone())

    def remove_post(self) -> None:
        for post in self.some(Post):
            db.session.delete(post)

    def remove_comment(self) -> None:
        for comment in self.some(Comment):
            db.session.delete(comment)

    def change_their_mind(self) -> None:
        self.write()
        self.follow()
        self.comment()
        db.session.rollback()

    def anyone(self) -> User:
        people = db.session.scalars(select(User).order_by(User.id)).all()
        if not people:
            self.join()
            return self.anyone()
        return self.random.choice(people)

    def some(self, kind: type[Row]) -> list[Row]:
        """Return one row, or none if there is none."""
        rows = db.session.scalars(select(kind).order_by(kind.id)).all()
        return [self.random.choice(rows)] if rows else []


LIKELY = {
    "join": 3,
    "leave": 1,
    "follow": 6,
    "unfollow": 3,
    "write": 4,
    "comment": 6,
    "suspend": 1,
    "remove_post": 1,
    "remove_comment": 2,
    "change_their_mind": 1,
}


@pytest.mark.parametrize("seed", range(6))
def test_counts_stay_right_under_any_sequence_of_deeds(seed: int) -> None:
    community, done = Community(seed), []

    for _ in range(STEPS):
        deed = community.random.choices(list(LIKELY), list(LIKELY.values()))[0]
        getattr(community, deed)()
        db.session.commit()
        done.append(deed)
        assert wrong_counts() == [], done

    assert orphans() == []


def test_several_deeds_in_one_transaction_count_each() -> None:
    ann = saved("ann")
    posts = [Post(body="Hello", author=ann) for _ in range(3)]
    db.session.add_all(posts)
    db.session.flush()
    db.session.add_all(Comment(body="Well said.", author=ann, post=posts[0]) for _ in range(2))
    db.session.flush()
    db.session.delete(posts[1])
    db.session.commit()

    assert (ann.post_count, posts[0].comment_count) == (2, 2)
    assert wrong_counts() == []
