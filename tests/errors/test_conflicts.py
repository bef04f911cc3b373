"""409: a row is deleted by another transaction while a request writes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import ORMExecuteState

from app.deletion import delete_user
from app.errors.handlers import handle_conflict
from app.extensions import db
from app.models import Post, User
from tests.support.factories import Factory
from tests.support.http_client import Page, SiteClient

pytestmark = pytest.mark.both_databases


@contextmanager
def before_the_first_write(app: Flask, action: Callable[[], None]) -> Iterator[None]:
    """Run `action` in another transaction, once, just before the request writes."""
    actions = [action]

    def run(*_arguments: Any) -> None:
        if actions:
            with app.app_context():
                actions.pop()()
                db.session.commit()

    def run_before_insert(state: ORMExecuteState) -> None:
        if state.is_insert:
            run()

    event.listen(db.session, "before_flush", run)
    event.listen(db.session, "do_orm_execute", run_before_insert)
    try:
        yield
    finally:
        event.remove(db.session, "before_flush", run)
        event.remove(db.session, "do_orm_execute", run_before_insert)


def delete_post(post: int) -> Callable[[], None]:
    return lambda: db.session.delete(db.session.get_one(Post, post))


def expect_conflict(page: Page) -> None:
    assert page.status == 409
    assert "This was changed in the meantime" in page.text
    assert "Your browser still has what you wrote" in page.text


def test_comment_on_a_deleted_post_is_409(
    app: Flask, make: Factory, caplog: pytest.LogCaptureFixture
) -> None:
    ann = make.user("ann")
    post = make.post(ann)
    client = SiteClient(app).log_in(ann)
    page = client.open(f"/post/{post}")

    with before_the_first_write(app, delete_post(post)):
        expect_conflict(client.send(page, {"body": "Too late"}))

    assert "Conflict with another transaction." in caplog.text
    assert client.open("/").status == 200


def test_update_of_a_deleted_post_is_409(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    post = make.post(ann)
    client = SiteClient(app).log_in(ann)
    page = client.open(f"/edit/{post}")

    with before_the_first_write(app, delete_post(post)):
        expect_conflict(client.send(page, {"body": "Too late"}))


def test_following_a_deleted_user_is_409(app: Flask, make: Factory) -> None:
    bob = make.user("bob")
    client = SiteClient(app).log_in(make.user("ann"))
    page = client.open("/user/bob")

    with before_the_first_write(app, lambda: delete_user(db.session.get_one(User, bob.id))):
        expect_conflict(client.send(page, {}, "/follow/bob"))


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/", {"body": "Too late"}), ("/edit-profile", {"name": "Ann"}), ("/user/bob", {})],
)
def test_request_of_a_deleted_user_is_409(
    app: Flask, make: Factory, path: str, fields: dict[str, str]
) -> None:
    ann, _bob = make.user("ann"), make.user("bob")
    client = SiteClient(app).log_in(ann)
    page = client.open(path)
    action = "/follow/bob" if path == "/user/bob" else None

    with before_the_first_write(app, lambda: delete_user(db.session.get_one(User, ann.id))):
        expect_conflict(client.send(page, fields, action))


def test_other_integrity_errors_are_raised_again(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(IntegrityError) as caught:
        db.session.execute(text("INSERT INTO roles (name) VALUES (NULL)"))
    with app.test_request_context(), pytest.raises(IntegrityError):
        handle_conflict(caught.value)
