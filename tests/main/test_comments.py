"""Creating and deleting comments."""

import re

import pytest
from flask import Flask

from app.extensions import db
from app.models import Comment, Post
from tests.support.factories import Factory
from tests.support.http_client import SiteClient
from tests.support.rows import count_rows


def comment_count(app: Flask, post_id: int) -> int:
    with app.app_context():
        return db.session.get_one(Post, post_id).comment_count


def test_comment_is_published(app: Flask, make: Factory, client: SiteClient) -> None:
    post_id = make.post(make.user("ann"))
    client.log_in(make.user("bob"))

    page = client.submit(f"/post/{post_id}", {"body": "Well **said**"})

    assert page.path == f"/post/{post_id}"
    assert "Your comment has been published" in page.text
    assert "<strong>said</strong>" in SiteClient(app).open(f"/post/{post_id}").html
    assert comment_count(app, post_id) == 1


def test_new_comment_is_the_target_and_takes_the_focus(make: Factory, client: SiteClient) -> None:
    ann = make.user()
    path = f"/post/{make.post(ann)}"
    client.log_in(ann)

    form = client.open(path).form_with({"body"})
    fields = {**form.fields, "body": "Well said"}
    response = client.client.post(path, data=fields)

    path, comment = response.headers["Location"].split("#")
    page = client.open(path)
    assert re.search(rf'<article [^>]*id="{comment}" [^>]*tabindex="-1"', page.html)
    message = page.html.index("Your comment has been published.")
    assert page.html.index('id="comments"') < message < page.html.index(f'id="{comment}"')


def test_anonymous_user_must_log_in_to_comment(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann = make.user()
    post_id = make.post(ann)

    page = client.post(f"/post/{post_id}", body="Let me in")

    assert page.path == f"/auth/login?next=/post/{post_id}"
    assert page.status == 200
    assert count_rows(app, Comment) == 0
    page = client.send(page, {"email": ann.email, "password": ann.password})
    assert page.path == f"/post/{post_id}"


def test_post_offers_anonymous_users_to_log_in(make: Factory, client: SiteClient) -> None:
    post_id = make.post(make.user())

    page = client.open(f"/post/{post_id}")

    assert f"/auth/login?next=/post/{post_id}" in page.links
    assert [form.action for form in page.forms if form.method == "post"] == []


@pytest.mark.parametrize("body", ["", "  \n", "x" * 5_001, "[]()" * 1_250])
def test_invalid_comment_is_refused_and_kept_in_the_form(
    app: Flask, make: Factory, client: SiteClient, body: str
) -> None:
    ann = make.user()
    post_id = make.post(ann)

    page = client.log_in(ann).submit(f"/post/{post_id}", {"body": body})

    assert page.form_with({"body"}).fields["body"].strip() == body.strip()
    assert count_rows(app, Comment) == 0


def test_preview_of_a_comment_publishes_nothing(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann = make.user()
    post_id = make.post(ann)
    fields = {"body": "Well **said**", "preview": "Preview"}

    page = client.log_in(ann).submit(f"/post/{post_id}", fields)

    assert "<strong>said</strong>" in page.html
    assert page.form_with({"body"}).fields["body"] == "Well **said**"
    assert count_rows(app, Comment) == 0


def test_comment_on_a_missing_post_is_not_found(make: Factory, client: SiteClient) -> None:
    client.log_in(make.user())

    assert client.post("/post/4711", body="Anyone?").status == 404


@pytest.mark.parametrize("role", ["author", "moderator", "administrator"])
def test_comment_is_deleted_after_confirmation(
    app: Flask, make: Factory, client: SiteClient, role: str
) -> None:
    ann = make.user("ann")
    post_id = make.post(make.user("bob"))
    comment_id = make.comment(ann, post_id)
    role_name = {"moderator": "Moderator", "administrator": "Administrator"}.get(role)
    client.log_in(make.user("mo", role=role_name) if role_name else ann)

    page = client.open(f"/comment/{comment_id}/deletion")
    assert count_rows(app, Comment) == 1
    page = client.send(page, {}, page.path)

    assert page.path == f"/post/{post_id}"
    assert "The comment has been deleted" in page.text
    assert count_rows(app, Comment) == comment_count(app, post_id) == 0


@pytest.mark.parametrize("user", ["other", "author of the post"])
def test_other_users_cannot_delete_a_comment(
    app: Flask, make: Factory, client: SiteClient, user: str
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    comment_id = make.comment(ann, make.post(bob))
    client.log_in(bob if "author" in user else make.user("eve"))

    assert client.open(f"/comment/{comment_id}/deletion").status == 403
    assert client.post(f"/comment/{comment_id}/deletion").status == 403
    assert count_rows(app, Comment) == 1
