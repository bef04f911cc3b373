"""Deleting posts and users deletes all their rows, corrects all counts and breaks no page."""

import re
from collections.abc import Callable
from itertools import count
from threading import Thread

import pytest
from flask import Flask

from app import deletion
from app.deletion import delete_user
from app.extensions import db
from app.jobs import get_runner
from app.models import Comment, Follow, Job, OutboxEmail, Post, User
from tests.jobs.conftest import register_job
from tests.models.counts import dangling_references, wrong_counts
from tests.support.api_client import ApiClient
from tests.support.concurrency import wait_for_lock
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.rows import count_rows, record_rows, user_column

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
        commit(self.app, lambda: delete_user(db.session.get_one(User, user.id)))


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
        commit(app, lambda: delete_user(db.session.get_one(User, ann.id)))

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


@pytest.fixture
def later(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run no job after a commit, and delete three rows at once."""
    for setting in ("JOBS_EAGER", "JOBS_IN_WEB"):
        monkeypatch.setitem(app.config, setting, False)
    monkeypatch.setattr(deletion, "BATCH", 3)


def commit(app: Flask, action: Callable[[], object]) -> None:
    with app.app_context():
        action()
        db.session.commit()


def run_jobs(app: Flask) -> None:
    with app.app_context():
        get_runner().run_due()


@pytest.mark.usefixtures("later")
def test_post_disappears_at_once_and_its_rows_in_batches(app: Flask, make: Factory) -> None:
    ann, boss = make.user("ann"), make.user("boss", "Moderator")
    post = make.post(ann, "Hidden post")
    comments = [make.comment(boss, post, "Hidden comment") for _ in range(10)]
    client, api = SiteClient(app).log_in(boss), ApiClient(app, boss)

    commit(app, lambda: deletion.delete_post(db.session.get_one(Post, post)))
    commit(app, lambda: deletion.delete_post(db.session.get_one(Post, post)))  # no second time

    assert count_rows(app, Comment) == 10
    for path in ("/", "/moderate", "/user/ann", "/api/v1/posts/", "/api/v1/comments/"):
        assert "Hidden" not in client.client.get(path).text, path
    for path in (f"/post/{post}", f"/post/{post}/deletion", f"/edit/{post}"):
        assert client.open(path).status == 404, path
    for path in (f"/posts/{post}", f"/posts/{post}/comments/", f"/comments/{comments[0]}"):
        assert api.get(path).status_code == 404, path
    assert user_column(app, ann, "post_count") == 0

    with record_rows(app) as rows:
        run_jobs(app)

    assert max(rows) == 3
    assert (count_rows(app, Post), count_rows(app, Comment), count_rows(app, Job)) == (0, 0, 0)


@pytest.mark.usefixtures("later")
def test_user_disappears_at_once_and_their_rows_in_batches(app: Flask, site: TwoUsers) -> None:
    others = [Factory(app).user(f"user{number}") for number in range(7)]
    for number, other in enumerate(others):
        Factory(app).follow(other, site.ann)
        Factory(app).follow(site.ann, other)
        Factory(app).comment(site.ann, site.bobs_post, f"Hidden {number}")
        Factory(app).comment(other, Factory(app).post(site.ann, "Hidden post"), "Hidden")
    anns, bobs = (SiteClient(app).log_in(user) for user in (site.ann, site.bob))

    site.delete(site.ann)

    assert anns.open("/edit-profile").path.startswith("/auth/login")
    lists = ("/", "/followed", "/moderate", f"/post/{site.bobs_post}", "/followers/user1")
    for path in (*lists, "/followed-by/user1", "/api/v1/posts/", "/api/v1/comments/"):
        text = bobs.client.get(path).text
        assert not re.search("Hidden|/user/ann|~", text), path
    for path in ("/user/ann", f"/user/~{site.ann.id}", f"/api/v1/users/{site.ann.id}"):
        assert bobs.client.get(path).status_code == 404, path
    assert count_rows(app, User) == 9
    make = Factory(app)
    assert make.user("ann", email=site.ann.email).id != site.ann.id  # both are free again

    with record_rows(app) as rows:
        run_jobs(app)

    assert max(rows) == 3
    with app.app_context():
        assert db.session.get(User, site.ann.id) is None
        assert wrong_counts() == []
        assert dangling_references() == []


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("batches", range(1, 12, 2))
def test_interrupted_deletion_continues(
    app: Flask, site: TwoUsers, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    for _ in range(5):
        Factory(app).comment(site.bob, Factory(app).post(site.ann))
        Factory(app).comment(site.ann, site.bobs_post)
    site.delete(site.ann)
    delete_some, calls = deletion._delete_some_rows_of, count(1)

    def interrupt(user_id: int) -> bool:
        deleted = delete_some(user_id)  # and not committed
        if next(calls) == batches:
            raise KeyboardInterrupt
        return deleted

    with monkeypatch.context() as patch:
        patch.setattr(deletion, "_delete_some_rows_of", interrupt)
        with pytest.raises(KeyboardInterrupt):
            commit(app, lambda: deletion.delete_rows_of_user(site.ann.id))
    commit(app, lambda: deletion.delete_rows_of_user(site.ann.id))

    with app.app_context():
        assert db.session.get(User, site.ann.id) is None
        assert db.session.scalars(db.select(Post.id)).all() == [site.bobs_post]
        assert wrong_counts() == []


@pytest.mark.usefixtures("later")
def test_rows_that_a_request_adds_after_the_last_batch_are_deleted(
    app: Flask, site: TwoUsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.delete(site.ann)
    delete_some = deletion._delete_some_rows_of
    late: list[Comment] = []

    def add_comment_after_last_batch(user_id: int) -> bool:
        deleted = delete_some(user_id)
        if not (deleted or late):
            late.append(Comment(body="Late", author_id=user_id, post_id=site.bobs_post))
            db.session.add_all(late)
            db.session.commit()
        return deleted

    monkeypatch.setattr(deletion, "_delete_some_rows_of", add_comment_after_last_batch)
    commit(app, lambda: deletion.delete_rows_of_user(site.ann.id))

    with app.app_context():
        assert db.session.get(User, site.ann.id) is None
        assert late
        assert dangling_references() == wrong_counts() == []


@pytest.mark.usefixtures("later")
def test_other_jobs_run_before_deletions(
    app: Flask, site: TwoUsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts: list[int] = []
    register_job(monkeypatch, "other", lambda: posts.append(count_rows(app, Post)))
    site.delete(site.ann)
    commit(app, lambda: db.session.add(Job(name="other", arguments=[])))

    run_jobs(app)

    assert posts == [2]


def test_job_does_not_delete_what_is_not_hidden(app: Flask, site: TwoUsers) -> None:
    commit(app, lambda: deletion.delete_rows_of_user(site.ann.id))
    commit(app, lambda: deletion.delete_rows_of_post(site.anns_post))

    assert (count_rows(app, User), count_rows(app, Post), count_rows(app, Comment)) == (2, 2, 5)
