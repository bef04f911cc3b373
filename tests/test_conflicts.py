"""What happens to a request whose row is deleted while it is being answered."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import ORMExecuteState

from app.errors import show_conflict
from app.extensions import db
from app.models import Post, User, delete_user

from .factories import Factory
from .reader import Page, Reader


@contextmanager
def just_before_it_is_stored(app: Flask, action: Callable[[], None]) -> Iterator[None]:
    """Let somebody else do `action`, once, when the request has decided what to write."""
    actions = [action]

    def act(*_arguments: Any) -> None:
        if actions:
            with app.app_context():
                actions.pop()()
                db.session.commit()

    def act_before_insert(state: ORMExecuteState) -> None:
        if state.is_insert:
            act()

    event.listen(db.session, "before_flush", act)
    event.listen(db.session, "do_orm_execute", act_before_insert)
    try:
        yield
    finally:
        event.remove(db.session, "before_flush", act)
        event.remove(db.session, "do_orm_execute", act_before_insert)


def deletion(post: int) -> Callable[[], None]:
    return lambda: db.session.delete(db.session.get_one(Post, post))


def expect_conflict(page: Page) -> None:
    assert page.status == 409
    assert "Somebody else was quicker" in page.text
    assert "your browser still has what you wrote" in page.text


def test_comment_on_a_post_that_was_just_deleted(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    post = make.post(ann)
    reader = Reader(app).log_in(ann)
    page = reader.open(f"/post/{post}")

    with just_before_it_is_stored(app, deletion(post)):
        expect_conflict(reader.send(page, {"body": "Too late"}))

    assert reader.open("/").status == 200


def test_change_of_a_post_that_was_just_deleted(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    post = make.post(ann)
    reader = Reader(app).log_in(ann)
    page = reader.open(f"/edit/{post}")

    with just_before_it_is_stored(app, deletion(post)):
        expect_conflict(reader.send(page, {"body": "Too late"}))


def test_following_somebody_who_was_just_deleted(app: Flask, make: Factory) -> None:
    bob = make.user("bob")
    reader = Reader(app).log_in(make.user("ann"))
    page = reader.open("/user/bob")

    with just_before_it_is_stored(app, lambda: delete_user(db.session.get_one(User, bob.id))):
        expect_conflict(reader.send(page, {}, "/follow/bob"))


def test_row_that_our_own_code_should_not_have_written_is_no_conflict(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(IntegrityError) as refused:
        db.session.execute(text("INSERT INTO roles (name) VALUES (NULL)"))
    with app.test_request_context(), pytest.raises(IntegrityError):
        show_conflict(refused.value)
