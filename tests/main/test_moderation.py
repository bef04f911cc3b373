"""Moderation: disabling and enabling comments."""

from flask import Flask

from app.extensions import db
from app.models import Comment
from tests.support.factories import Factory
from tests.support.http_client import SiteClient

HIDDEN = "Offensive words"


def status(app: Flask, id: int) -> tuple[bool, int | None, bool]:
    with app.app_context():
        comment = db.session.get_one(Comment, id)
        return comment.disabled, comment.disabled_by_id, comment.disabled_at is not None


def test_disabled_comment_is_hidden(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id, HIDDEN)
    client.log_in(make.user("mo", role="Moderator"))

    page = client.submit("/moderate", action=f"/comment/{comment_id}/suspension")

    assert "The comment has been disabled" in page.text
    assert HIDDEN not in SiteClient(app).open(f"/post/{post_id}").html
    assert HIDDEN not in SiteClient(app).log_in(ann).open(f"/post/{post_id}").html
    assert HIDDEN not in SiteClient(app).log_in(ann).open(f"/comment/{comment_id}/deletion").html


def test_moderators_can_read_a_disabled_comment(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann = make.user("ann")
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id, HIDDEN)
    client.log_in(make.user("mo", role="Moderator"))

    page = client.submit(f"/post/{post_id}", action=f"/comment/{comment_id}/suspension")

    assert page.path == f"/post/{post_id}"
    assert HIDDEN in page.text
    assert HIDDEN in client.open("/moderate").text


def test_moderation_page_shows_who_disabled_a_comment(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann, mo = make.user("ann"), make.user("mo", role="Moderator")
    comment_id = make.comment(ann, make.post(ann))

    client.log_in(mo).post(f"/comment/{comment_id}/suspension")

    assert status(app, comment_id) == (True, mo.id, True)
    boss = SiteClient(app).log_in(make.user("boss", role="Administrator"))
    assert "Disabled by mo" in boss.open("/moderate").text


def test_enabled_comment_is_visible_again(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id, HIDDEN)
    client.log_in(make.user("mo", role="Moderator")).post(f"/comment/{comment_id}/suspension")

    page = client.submit("/moderate", action=f"/comment/{comment_id}/restoration")

    assert "The comment has been enabled" in page.text
    assert HIDDEN in SiteClient(app).open(f"/post/{post_id}").text
    assert status(app, comment_id) == (False, None, False)


def test_disabling_and_enabling_are_idempotent(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann = make.user("ann")
    comment_id = make.comment(ann, make.post(ann))
    client.log_in(make.user("mo", role="Moderator"))

    for verb in ("suspension", "suspension", "restoration", "restoration"):
        assert client.post(f"/comment/{comment_id}/{verb}").path == "/moderate"


def test_next_never_leads_off_the_site(make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    comment_id = make.comment(ann, make.post(ann))
    client.log_in(make.user("mo", role="Moderator"))

    page = client.post(f"/comment/{comment_id}/suspension", next="//evil.example")

    assert page.path == "/moderate"


def test_comment_stays_disabled_when_the_moderator_is_deleted(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann, mo = make.user("ann"), make.user("mo", role="Moderator")
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id, HIDDEN)
    client.log_in(mo).post(f"/comment/{comment_id}/suspension")

    client.submit("/auth/delete-account", {"password": mo.password})

    assert status(app, comment_id) == (True, None, True)
    assert HIDDEN not in client.open(f"/post/{post_id}").html
    boss = SiteClient(app).log_in(make.user("boss", role="Administrator"))
    assert HIDDEN in boss.open("/moderate").text


def test_users_have_no_moderation_controls(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id)

    page = client.log_in(ann).open(f"/post/{post_id}")

    assert f"/comment/{comment_id}/suspension" not in {form.action for form in page.forms}
    assert "/moderate" not in page.links
