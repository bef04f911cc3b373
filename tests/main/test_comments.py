"""Comments: writing and deleting them."""

import pytest
from flask import Flask

from app.extensions import db
from app.models import Comment, Post
from tests.factories import Factory
from tests.reader import Reader
from tests.rows import number_of


def comment_count(app: Flask, post_id: int) -> int:
    with app.app_context():
        return db.session.get_one(Post, post_id).comment_count


def test_comment_is_read_by_everyone(app: Flask, make: Factory, reader: Reader) -> None:
    post_id = make.post(make.user("ann"))
    reader.log_in(make.user("bob"))

    page = reader.submit(f"/post/{post_id}", {"body": "Well **said**"})

    assert page.path == f"/post/{post_id}"
    assert "Your comment has been published" in page.text
    assert "<strong>said</strong>" in Reader(app).open(f"/post/{post_id}").html
    assert comment_count(app, post_id) == 1


def test_stranger_who_comments_is_asked_to_log_in(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann = make.user()
    post_id = make.post(ann)

    page = reader.post(f"/post/{post_id}", body="Let me in")

    assert page.path == f"/auth/login?next=/post/{post_id}"
    assert page.status == 200
    assert number_of(app, Comment) == 0
    page = reader.send(page, {"email": ann.email, "password": ann.password})
    assert page.path == f"/post/{post_id}"


def test_stranger_finds_the_way_to_log_in_below_a_post(make: Factory, reader: Reader) -> None:
    post_id = make.post(make.user())

    page = reader.open(f"/post/{post_id}")

    assert f"/auth/login?next=/post/{post_id}" in page.links
    assert page.forms == []


@pytest.mark.parametrize("body", ["", "  \n", "x" * 5_001])
def test_odd_comment_is_refused_and_kept_in_the_form(
    app: Flask, make: Factory, reader: Reader, body: str
) -> None:
    ann = make.user()
    post_id = make.post(ann)

    page = reader.log_in(ann).submit(f"/post/{post_id}", {"body": body})

    assert page.form_with({"body"}).fields["body"].strip() == body.strip()
    assert number_of(app, Comment) == 0


def test_preview_of_a_comment_publishes_nothing(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user()
    post_id = make.post(ann)
    fields = {"body": "Well **said**", "preview": "Preview"}

    page = reader.log_in(ann).submit(f"/post/{post_id}", fields)

    assert "<strong>said</strong>" in page.html
    assert page.form_with({"body"}).fields["body"] == "Well **said**"
    assert number_of(app, Comment) == 0


def test_comment_on_a_post_that_is_gone_is_not_found(make: Factory, reader: Reader) -> None:
    reader.log_in(make.user())

    assert reader.post("/post/4711", body="Anyone?").status == 404


@pytest.mark.parametrize("who", ["author", "moderator", "administrator"])
def test_comment_is_deleted_after_a_question(
    app: Flask, make: Factory, reader: Reader, who: str
) -> None:
    ann = make.user("ann")
    post_id = make.post(make.user("bob"))
    comment_id = make.comment(ann, post_id)
    role = {"moderator": "Moderator", "administrator": "Administrator"}.get(who)
    reader.log_in(make.user("mo", role=role) if role else ann)

    page = reader.open(f"/comment/{comment_id}/deletion")
    assert number_of(app, Comment) == 1
    page = reader.send(page, {}, page.path)

    assert page.path == f"/post/{post_id}"
    assert "The comment has been deleted" in page.text
    assert number_of(app, Comment) == comment_count(app, post_id) == 0


@pytest.mark.parametrize("who", ["somebody", "author of the post"])
def test_others_do_not_delete_a_comment(
    app: Flask, make: Factory, reader: Reader, who: str
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    comment_id = make.comment(ann, make.post(bob))
    reader.log_in(bob if "author" in who else make.user("eve"))

    assert reader.open(f"/comment/{comment_id}/deletion").status == 403
    assert reader.post(f"/comment/{comment_id}/deletion").status == 403
    assert number_of(app, Comment) == 1
