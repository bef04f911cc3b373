"""Kept posts and comments: no user sees what another may see, or what is no longer true."""

from datetime import timedelta
from typing import Any

from flask import Flask

from app.extensions import db
from app.models import Comment, Post, User, utcnow
from tests.support.factories import Factory
from tests.support.http_client import SiteClient


def change(app: Flask, model: type[Any], row_id: int, **columns: object) -> None:
    with app.app_context():
        row = db.session.get_one(model, row_id)
        for name, value in columns.items():
            setattr(row, name, value)
        db.session.commit()


def test_actions_are_those_of_the_current_user(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    post = f"/post/{make.post(ann)}"
    edit, delete = post.replace("post", "edit"), f"{post}/deletion"
    readers = [
        (None, set()),
        (ann, {edit, delete}),
        (make.user("bob"), set()),
        (make.user("mo", role="Moderator"), {delete}),
        (make.user("boss", role="Administrator"), {edit, delete}),
        (None, set()),
    ]

    for reader, expected in readers:
        client = SiteClient(app)
        if reader:
            client.log_in(reader)
        for path in ("/", post, "/user/ann"):
            assert {edit, delete} & set(client.open(path).links) == expected, (reader, path)


def test_lost_permission_takes_effect_at_once(app: Flask, make: Factory) -> None:
    delete = f"/post/{make.post(make.user('ann'))}/deletion"
    mo = make.user("mo", role="Moderator")
    client = SiteClient(app)
    client.log_in(mo)
    assert delete in client.open("/").links

    change(app, User, mo.id, role_id=None)

    assert delete not in client.open("/").links


def test_changed_values_are_shown_at_once(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann", name="Ann One")
    post_id = make.post(ann, "First text")
    assert "Ann One" in client.open("/").text

    change(app, User, ann.id, name="Ann Two")
    assert "Ann Two" in client.open("/").text
    change(app, Post, post_id, body="Second text")
    assert "Second text" in client.open("/").text
    make.comment(ann, post_id)
    assert "1 comment" in client.open("/").text
    change(app, Post, post_id, timestamp=utcnow() - timedelta(hours=3))
    assert "3 hours ago" in client.open("/").text


def test_suspended_comment_is_hidden_at_once(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id, "Rude words")
    moderator, reader = SiteClient(app), SiteClient(app)
    moderator.log_in(make.user("mo", role="Moderator"))
    path = f"/post/{post_id}"
    assert all("Rude words" in client.open(path).text for client in (reader, moderator))

    change(app, Comment, comment_id, disabled=True)

    assert "Rude words" in moderator.open(path).text
    assert "Rude words" not in reader.open(path).text
    assert "disabled by a moderator" in reader.open(path).text


def test_forms_of_moderators_have_their_own_token(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id)
    tokens = set()
    for name in ("mo", "moe"):
        client = SiteClient(app)
        client.log_in(make.user(name, role="Moderator"))
        page = client.open(f"/post/{post_id}")
        action = f"/comment/{comment_id}/suspension"
        [form] = [form for form in page.forms if form.action == action]
        tokens.add(form.fields["csrf_token"])

    assert len(tokens) == 2


def test_cards_are_rendered_once(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    for _ in range(3):
        make.comment(ann, make.post(ann, timestamp=utcnow() - timedelta(days=9, hours=1)))
    client.open("/")
    before = app.extensions["kept"].cache_info().misses

    client.open("/")
    client.open("/user/ann")

    # The navigation of /user/ann, and two parts of the header.
    assert app.extensions["kept"].cache_info().misses - before <= 3
