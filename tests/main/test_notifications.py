"""The page of notifications, and their number in the navigation."""

import pytest
from flask import Flask

from app.extensions import db
from app.models import Notification, utcnow
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.rows import count_rows

UNREAD = "1 unread"


@pytest.fixture
def ann(make: Factory) -> UserData:
    return make.user("ann")


@pytest.fixture
def bob(make: Factory) -> UserData:
    return make.user("bob")


def test_notifications_lead_to_what_they_are_about(
    make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    post = make.post(ann)
    comment = make.comment(bob, post, "Quite *right*")
    mention = make.post(bob, "Ask @ann!")
    SiteClient(make.app).log_in(bob).post("/follow/ann")

    page = client.log_in(ann).open("/notifications")

    for text in (
        "bob commented on your post",
        "Quite right",
        "bob mentioned you in a post",
        "bob followed you",
        "3 unread",
    ):
        assert text in page.text
    links = {f"/comment/{comment}", f"/post/{mention}", "/user/bob"}
    assert links <= set(page.links)


def test_opening_the_page_marks_nothing_as_read(
    make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    make.comment(bob, make.post(ann))
    client.log_in(ann)

    assert UNREAD in client.open("/notifications").text
    page = client.submit("/notifications", action="/notifications/read")

    assert "All notifications are marked as read" in page.text
    assert "bob commented on your post" in page.text
    assert UNREAD not in client.open("/").text
    assert not any(form.action == "/notifications/read" for form in page.forms)


def test_what_came_after_the_page_stays_unread(
    make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    post = make.post(ann)
    make.comment(bob, post)
    page = client.log_in(ann).open("/notifications")
    make.comment(bob, post)

    assert UNREAD in client.send(page, {}, "/notifications/read").text


@pytest.mark.parametrize("until", ["", "yesterday", "2026-11-28T00:00:00", "9999999999"])
def test_invalid_time_changes_nothing(
    make: Factory, client: SiteClient, ann: UserData, bob: UserData, until: str
) -> None:
    make.comment(bob, make.post(ann))

    page = client.log_in(ann).post("/notifications/read", until=until)

    assert page.status == 400
    assert "Reload the page" in page.text
    assert UNREAD in client.open("/").text


def test_large_numbers_are_cut_off(app: Flask, client: SiteClient, ann: UserData) -> None:
    with app.app_context():
        for number in range(100):
            row = Notification(user_id=ann.id, kind="follow", row_id=-number, timestamp=utcnow())
            db.session.add(row)
        db.session.commit()

    assert "More than 99 unread" in client.log_in(ann).open("/").text


def test_notifications_of_other_users_are_not_shown(
    make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    make.comment(bob, make.post(ann))

    page = client.log_in(bob).open("/notifications")

    assert "Nothing yet" in page.text
    assert "commented" not in page.text


def test_following_by_page_and_api_notifies_once(
    app: Flask, make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    client.log_in(bob)
    for path in ("/follow/ann", "/unfollow/ann", "/follow/ann"):
        client.post(path)

    assert count_rows(app, Notification) == 1


def test_names_are_escaped(make: Factory, client: SiteClient, ann: UserData) -> None:
    make.comment(make.user("eve", name="<b>Eve</b>"), make.post(ann))

    page = client.log_in(ann).open("/notifications")

    assert "<b>Eve" not in page.html
    assert "<b>Eve</b> commented on your post" in page.text
