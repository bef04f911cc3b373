"""Creating, editing, finding and deleting comments."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask

from app.extensions import db
from app.models import Comment, Post, SecurityEvent
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


@pytest.mark.parametrize("role", ["author", "administrator"])
def test_author_and_administrator_edit_a_comment(
    app: Flask, make: Factory, client: SiteClient, role: str
) -> None:
    ann = make.user("ann")
    post_id = make.post(make.user("bob"))
    comment_id = make.comment(ann, post_id, "Before")
    client.log_in(ann if role == "author" else make.user("boss", role="Administrator"))
    assert "Edited" not in client.open(f"/post/{post_id}").text

    page = client.submit(f"/comment/{comment_id}/edit", {"body": "*After*"})

    assert page.path == f"/post/{post_id}"
    assert "The comment has been updated." in page.text
    assert "<em>After</em>" in page.html
    assert "Edited 1 minute ago" in page.text
    with app.app_context():
        events = db.session.scalars(db.select(SecurityEvent.name)).all()
    assert ("comment_edited" in events) == (role == "administrator")
    assert "Before" not in page.text


def test_comment_that_is_saved_without_a_change_is_not_edited(
    make: Factory, client: SiteClient
) -> None:
    ann = make.user()
    comment_id = make.comment(ann, make.post(ann), "Two\r\nlines")

    page = client.log_in(ann).submit(f"/comment/{comment_id}/edit", {"body": "Two\r\nlines"})

    assert "The comment has been updated." in page.text
    assert "Edited" not in page.text


@pytest.mark.parametrize("user", ["eve", "author of the post", "mo"])
def test_other_users_cannot_edit_a_comment(make: Factory, client: SiteClient, user: str) -> None:
    bob = make.user("bob")
    comment_id = make.comment(make.user("ann"), make.post(bob), "Before")
    role = "Moderator" if user == "mo" else None
    client.log_in(bob if "author" in user else make.user(user, role=role))

    assert client.open(f"/comment/{comment_id}/edit").status == 403
    assert client.post(f"/comment/{comment_id}/edit", body="After").status == 403
    assert "Before" in client.open(f"/comment/{comment_id}").text


def test_disabled_comment_cannot_be_edited(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id, "Before")
    path = f"/comment/{comment_id}/edit"
    client.log_in(ann)
    assert path in client.open(f"/post/{post_id}").links
    mo = SiteClient(app).log_in(make.user("mo", role="Moderator"))
    mo.post(f"/comment/{comment_id}/suspension")

    page = client.post(path, body="After")

    assert page.status == 403
    assert "A moderator has disabled this comment. It can’t be edited." in page.text
    assert "Before" in mo.open(f"/post/{post_id}").text
    assert path not in client.open(f"/post/{post_id}").links


def test_block_prevents_the_author_from_editing(make: Factory, client: SiteClient) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    comment_id = make.comment(ann, make.post(bob), "Before")
    make.block(bob, ann)

    page = client.log_in(ann).post(f"/comment/{comment_id}/edit", body="After")

    assert page.status == 403
    assert "one of you has blocked the other" in page.text


@pytest.mark.parametrize(
    "fields",
    [{"body": ""}, {"body": "x" * 5_001}, {"body": "After", "preview": "Preview"}],
    ids=["empty", "long", "preview"],
)
def test_invalid_edit_of_a_comment_changes_nothing(
    app: Flask, make: Factory, client: SiteClient, fields: dict[str, str]
) -> None:
    ann = make.user()
    comment_id = make.comment(ann, make.post(ann), "Before")

    page = client.log_in(ann).submit(f"/comment/{comment_id}/edit", fields)

    assert page.form_with({"body"}).fields["body"].strip() == fields["body"]
    with app.app_context():
        assert db.session.get_one(Comment, comment_id).body == "Before"


@pytest.mark.parametrize("number", [0, 3, 4, 6])
def test_link_to_a_comment_leads_to_its_page(
    app: Flask, make: Factory, client: SiteClient, number: int
) -> None:
    app.config["FLASKY_COMMENTS_PER_PAGE"] = 3
    ann = make.user()
    post_id, other_id = make.post(ann), make.post(ann)
    now = datetime(2026, 1, 31, tzinfo=UTC)
    with app.app_context():  # at the same time: the ids decide
        comments = [
            Comment(body=f"number {n}", author_id=ann.id, post_id=post, timestamp=now)
            for n in range(7)
            for post in (post_id, other_id)
        ]
        db.session.add_all(comments)
        db.session.commit()
        ids = [comment.id for comment in comments if comment.post_id == post_id]

    page = client.open(f"/comment/{ids[number]}")

    assert f"number {number}" in page.text
    assert f'id="comment-{ids[number]}"' in page.html
    assert page.path.startswith(f"/post/{post_id}")
    assert ("before=" in page.path) == (number < 4)
    location = client.client.get(f"/comment/{ids[number]}").headers["Location"]
    assert location.endswith(f"#comment-{ids[number]}")


def test_link_to_a_comment_on_a_deleted_post_is_not_found(
    make: Factory, client: SiteClient
) -> None:
    ann = make.user()
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id)
    client.log_in(ann).submit(f"/post/{post_id}/deletion", action=f"/post/{post_id}/deletion")

    assert client.open(f"/comment/{comment_id}").status == 404
    assert client.open(f"/comment/{comment_id}/edit").status == 404
