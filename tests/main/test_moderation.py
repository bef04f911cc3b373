"""Moderation: hiding comments and showing them again."""

from flask import Flask

from app.extensions import db
from app.models import Comment
from tests.factories import Factory
from tests.reader import Reader

SECRET = "The words that hurt"


def comment(app: Flask, id: int) -> tuple[bool, int | None, bool]:
    with app.app_context():
        found = db.session.get_one(Comment, id)
        return found.disabled, found.disabled_by_id, found.disabled_at is not None


def test_suspended_comment_is_hidden_from_readers(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann = make.user("ann")
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id, SECRET)
    reader.log_in(make.user("mo", role="Moderator"))

    page = reader.submit("/moderate", action=f"/comment/{comment_id}/suspension")

    assert "hidden from readers now" in page.text
    assert SECRET not in Reader(app).open(f"/post/{post_id}").html
    assert SECRET not in Reader(app).log_in(ann).open(f"/post/{post_id}").html
    assert SECRET not in Reader(app).log_in(ann).open(f"/comment/{comment_id}/deletion").html


def test_moderators_still_read_a_suspended_comment(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann = make.user("ann")
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id, SECRET)
    reader.log_in(make.user("mo", role="Moderator"))

    page = reader.submit(f"/post/{post_id}", action=f"/comment/{comment_id}/suspension")

    assert page.path == f"/post/{post_id}"
    assert SECRET in page.text
    assert SECRET in reader.open("/moderate").text


def test_queue_tells_who_suspended_a_comment_and_when(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann, mo = make.user("ann"), make.user("mo", role="Moderator")
    comment_id = make.comment(ann, make.post(ann))

    reader.log_in(mo).post(f"/comment/{comment_id}/suspension")

    assert comment(app, comment_id) == (True, mo.id, True)
    boss = Reader(app).log_in(make.user("boss", role="Administrator"))
    assert "Disabled by mo" in boss.open("/moderate").text


def test_restored_comment_is_read_again(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user("ann")
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id, SECRET)
    reader.log_in(make.user("mo", role="Moderator")).post(f"/comment/{comment_id}/suspension")

    page = reader.submit("/moderate", action=f"/comment/{comment_id}/restoration")

    assert "can see the comment again" in page.text
    assert SECRET in Reader(app).open(f"/post/{post_id}").text
    assert comment(app, comment_id) == (False, None, False)


def test_suspending_and_restoring_twice_is_no_error(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann = make.user("ann")
    comment_id = make.comment(ann, make.post(ann))
    reader.log_in(make.user("mo", role="Moderator"))

    for verb in ("suspension", "suspension", "restoration", "restoration"):
        assert reader.post(f"/comment/{comment_id}/{verb}").path == "/moderate"


def test_moderation_returns_to_its_own_site_only(make: Factory, reader: Reader) -> None:
    ann = make.user("ann")
    comment_id = make.comment(ann, make.post(ann))
    reader.log_in(make.user("mo", role="Moderator"))

    page = reader.post(f"/comment/{comment_id}/suspension", next="//evil.example")

    assert page.path == "/moderate"


def test_suspension_outlives_the_account_of_the_moderator(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann, mo = make.user("ann"), make.user("mo", role="Moderator")
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id, SECRET)
    reader.log_in(mo).post(f"/comment/{comment_id}/suspension")

    reader.submit("/auth/delete-account", {"password": mo.password})

    assert comment(app, comment_id) == (True, None, True)
    assert SECRET not in reader.open(f"/post/{post_id}").html
    boss = Reader(app).log_in(make.user("boss", role="Administrator"))
    assert SECRET in boss.open("/moderate").text


def test_readers_see_no_buttons_of_moderators(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user("ann")
    post_id = make.post(ann)
    comment_id = make.comment(ann, post_id)

    page = reader.log_in(ann).open(f"/post/{post_id}")

    assert f"/comment/{comment_id}/suspension" not in {form.action for form in page.forms}
    assert "/moderate" not in page.links
