"""Deleting a user takes what they wrote along, corrects every count, and breaks no page."""

from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import text

from app.extensions import db
from app.models import Comment, Follow, Letter, Post, User, delete_user
from tests.factories import Factory, Person
from tests.models.counting import orphans, wrong_counts
from tests.reader import Reader


class Village:
    """Ann, about to be deleted, and Bob, who stays; each answered and followed the other."""

    def __init__(self, app: Flask, make: Factory) -> None:
        self.app = app
        self.ann = make.user("ann", "Moderator")
        self.bob = make.user("bob", "Moderator")
        self.anns_post, self.bobs_post = make.post(self.ann), make.post(self.bob)
        for person in (self.ann, self.bob):
            for post in (self.anns_post, self.bobs_post):
                make.comment(person, post)
        self.hidden = make.comment(self.bob, self.bobs_post, "Hidden by Ann")
        make.follow(self.ann, self.bob)
        make.follow(self.bob, self.ann)
        with app.app_context():
            comment = db.session.get_one(Comment, self.hidden)
            comment.suspend(by=db.session.get_one(User, self.ann.id))
            db.session.commit()

    def delete(self, person: Person) -> None:
        with self.app.app_context():
            delete_user(db.session.get_one(User, person.id))
            db.session.commit()


@pytest.fixture
def village(app: Flask, make: Factory) -> Village:
    return Village(app, make)


def test_everything_of_a_deleted_user_goes(village: Village) -> None:
    village.delete(village.ann)

    with village.app.app_context():
        assert db.session.get(User, village.ann.id) is None
        assert db.session.scalars(db.select(Post.id)).all() == [village.bobs_post]
        assert set(db.session.scalars(db.select(Comment.author_id))) == {village.bob.id}
        assert set(db.session.scalars(db.select(Follow.follower_id))) == {village.bob.id}
        assert orphans() == []


def test_counts_of_those_who_stay_are_corrected(village: Village) -> None:
    village.delete(village.ann)

    with village.app.app_context():
        bob = db.session.get_one(User, village.bob.id)
        assert (bob.post_count, bob.follower_count, bob.following_count) == (1, 0, 0)
        assert db.session.get_one(Post, village.bobs_post).comment_count == 2
        assert wrong_counts() == []


def test_suspension_outlives_the_moderator(village: Village) -> None:
    village.delete(village.ann)

    with village.app.app_context():
        comment = db.session.get_one(Comment, village.hidden)
        assert comment.disabled
        assert comment.disabled_by is None
        assert comment.disabled_at is not None


def test_pages_still_open_after_an_author_is_deleted(village: Village) -> None:
    village.delete(village.ann)
    reader = Reader(village.app).log_in(village.bob)
    post = f"/post/{village.bobs_post}"

    pages = ["/", "/followed", post, "/moderate", "/user/bob", "/followers/bob"]

    assert {path: reader.open(path).status for path in pages} == dict.fromkeys(pages, 200)
    assert reader.open("/user/ann").status == 404
    assert reader.open(f"/post/{village.anns_post}").status == 404


def test_deleted_user_is_logged_out(village: Village) -> None:
    reader = Reader(village.app).log_in(village.ann)

    village.delete(village.ann)

    assert reader.open("/followed").path.startswith("/auth/login")


def test_rows_that_wait_in_the_session_are_deleted_too(village: Village) -> None:
    with village.app.app_context():
        ann = db.session.get_one(User, village.ann.id)
        db.session.add(Comment(body="Last words", author=ann, post_id=village.bobs_post))
        delete_user(ann)
        db.session.commit()

        assert wrong_counts() == []
        assert orphans() == []


def test_rolled_back_deletion_changes_nothing(village: Village) -> None:
    with village.app.app_context():
        delete_user(db.session.get_one(User, village.ann.id))
        db.session.rollback()

        assert db.session.get(User, village.ann.id) is not None
        assert wrong_counts() == []


def test_letters_to_a_deleted_user_go_too(village: Village) -> None:
    with village.app.app_context():
        for recipient in (village.ann.email, village.bob.email):
            db.session.add(
                Letter(recipient=recipient, subject="Hello", body_text="", body_html="")
            )
        db.session.commit()

    village.delete(village.ann)

    with village.app.app_context():
        assert db.session.scalars(db.select(Letter.recipient)).all() == [village.bob.email]


def test_comment_that_a_moderator_deletes_meanwhile_is_counted_down_once(
    app: Flask, make: Factory
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    post = make.post(bob)
    for author in (ann, bob):
        make.comment(author, post)
    comment = make.comment(ann, post)

    def leave() -> None:
        with app.app_context():
            delete_user(db.session.get_one(User, ann.id))
            db.session.commit()

    with app.app_context():
        db.session.delete(db.session.get_one(Comment, comment))
        db.session.flush()
        leaving = Thread(target=leave)
        leaving.start()
        wait_until_it_waits(app, leaving)
        db.session.commit()
    leaving.join()

    with app.app_context():
        assert wrong_counts() == []


def wait_until_it_waits(app: Flask, thread: Thread) -> None:
    """Return when `thread` waits for our lock (SQLite, which does not tell, waits by itself)."""
    with app.app_context(), db.engine.connect() as connection:
        while thread.is_alive() and db.engine.dialect.name == "postgresql":
            if connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
