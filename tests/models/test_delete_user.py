"""Deleting a user deletes their content, corrects all counts and breaks no page."""

from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import text

from app.extensions import db
from app.models import Comment, Follow, OutboxEmail, Post, User, delete_user
from tests.models.counts import dangling_references, wrong_counts
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient

pytestmark = pytest.mark.both_databases


class TwoUsers:
    """Two moderators who follow each other and comment on each other's posts."""

    def __init__(self, app: Flask, make: Factory) -> None:
        self.app = app
        self.ann = make.user("ann", "Moderator")
        self.bob = make.user("bob", "Moderator")
        self.anns_post, self.bobs_post = make.post(self.ann), make.post(self.bob)
        for user in (self.ann, self.bob):
            for post in (self.anns_post, self.bobs_post):
                make.comment(user, post)
        self.suspended = make.comment(self.bob, self.bobs_post, "Suspended by Ann")
        make.follow(self.ann, self.bob)
        make.follow(self.bob, self.ann)
        with app.app_context():
            comment = db.session.get_one(Comment, self.suspended)
            comment.suspend(by=db.session.get_one(User, self.ann.id))
            for recipient in (self.ann.email, self.bob.email):
                email = {"subject": "Hello", "body_text": "", "body_html": ""}
                db.session.add(OutboxEmail(recipient=recipient, **email))
            db.session.commit()

    def delete(self, user: UserData) -> None:
        with self.app.app_context():
            delete_user(db.session.get_one(User, user.id))
            db.session.commit()


@pytest.fixture
def site(app: Flask, make: Factory) -> TwoUsers:
    return TwoUsers(app, make)


def test_content_is_deleted_and_counts_are_corrected(site: TwoUsers) -> None:
    site.delete(site.ann)

    with site.app.app_context():
        assert db.session.get(User, site.ann.id) is None
        assert db.session.scalars(db.select(Post.id)).all() == [site.bobs_post]
        assert set(db.session.scalars(db.select(Comment.author_id))) == {site.bob.id}
        assert set(db.session.scalars(db.select(Follow.follower_id))) == {site.bob.id}
        assert db.session.scalars(db.select(OutboxEmail.recipient)).all() == [site.bob.email]
        bob = db.session.get_one(User, site.bob.id)
        assert (bob.post_count, bob.follower_count, bob.following_count) == (1, 0, 0)
        assert db.session.get_one(Post, site.bobs_post).comment_count == 2
        assert wrong_counts() == []
        assert dangling_references() == []


def test_comments_stay_suspended_without_the_moderator(site: TwoUsers) -> None:
    site.delete(site.ann)

    with site.app.app_context():
        comment = db.session.get_one(Comment, site.suspended)
        assert comment.disabled
        assert comment.disabled_by is None
        assert comment.disabled_at is not None


def test_pages_work_after_an_author_is_deleted(site: TwoUsers) -> None:
    site.delete(site.ann)
    client = SiteClient(site.app).log_in(site.bob)
    post = f"/post/{site.bobs_post}"

    pages = ["/", "/followed", post, "/moderate", "/user/bob", "/followers/bob"]

    assert {path: client.open(path).status for path in pages} == dict.fromkeys(pages, 200)
    assert client.open("/user/ann").status == 404
    assert client.open(f"/post/{site.anns_post}").status == 404


def test_deleted_user_is_logged_out(site: TwoUsers) -> None:
    client = SiteClient(site.app).log_in(site.ann)

    site.delete(site.ann)

    assert client.open("/followed").path.startswith("/auth/login")


def test_pending_rows_in_the_session_are_deleted(site: TwoUsers) -> None:
    with site.app.app_context():
        ann = db.session.get_one(User, site.ann.id)
        db.session.add(Comment(body="Not flushed", author=ann, post_id=site.bobs_post))
        delete_user(ann)
        db.session.commit()

        assert wrong_counts() == []
        assert dangling_references() == []


def test_rollback_undoes_the_deletion(site: TwoUsers) -> None:
    with site.app.app_context():
        delete_user(db.session.get_one(User, site.ann.id))
        db.session.rollback()

        assert db.session.get(User, site.ann.id) is not None
        assert wrong_counts() == []


def test_comment_deleted_in_a_concurrent_transaction_is_subtracted_once(
    app: Flask, make: Factory
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    post = make.post(bob)
    for author in (ann, bob):
        make.comment(author, post)
    comment = make.comment(ann, post)

    def delete_ann() -> None:
        with app.app_context():
            delete_user(db.session.get_one(User, ann.id))
            db.session.commit()

    with app.app_context():
        db.session.delete(db.session.get_one(Comment, comment))
        db.session.flush()
        thread = Thread(target=delete_ann)
        thread.start()
        wait_for_lock(app, thread)
        db.session.commit()
    thread.join()

    with app.app_context():
        assert wrong_counts() == []


def wait_for_lock(app: Flask, thread: Thread) -> None:
    """Return when `thread` waits for a lock. SQLite does not show that; its writes just wait."""
    with app.app_context(), db.engine.connect() as connection:
        while thread.is_alive() and db.engine.dialect.name == "postgresql":
            if connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
