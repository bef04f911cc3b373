"""Profiles: viewing, and editing one's own."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from app.extensions import db
from app.models import LoginSession, User, utcnow
from tests.support.factories import Factory
from tests.support.http_client import SiteClient
from tests.support.rows import user_column

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def test_profile_shows_the_user_and_their_posts(make: Factory, client: SiteClient) -> None:
    ann = make.user(name="Ann Lee", location="Oslo", about_me="I like *trains*.")
    make.post(ann, "My first words")
    make.post(make.user("bob"), "Words of another user")

    page = client.open("/user/ann")

    for text in ("Ann Lee", "@ann", "Oslo", "I like *trains*.", "My first words", "1 post"):
        assert text in page.text
    assert "Words of another user" not in page.text
    assert {"/followers/ann", "/followed-by/ann"} <= set(page.links)


def test_username_in_the_url_is_case_insensitive(make: Factory, client: SiteClient) -> None:
    make.user("Ann")

    assert client.open("/user/aNN").status == 200


def test_pages_never_show_email_addresses(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann", email="private@elsewhere.example")
    make.post(ann)

    for path in ("/user/ann", "/", "/followers/ann"):
        assert "private" not in client.open(path).html


@pytest.mark.parametrize(
    "name", ["missing", "%F0%9F%98%80", "a" * 500, "..", "%2e%2e", "a%2Fb", "x%27--", "%ff", "%20"]
)
def test_invalid_username_is_not_found(make: Factory, client: SiteClient, name: str) -> None:
    make.user()

    assert client.open(f"/user/{name}").status == 404


def test_profile_is_edited(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user()
    fields = {"name": " Ann Lee ", "location": "Oslo", "about_me": "Hello <b>you</b>"}

    page = client.log_in(ann).submit("/edit-profile", fields)

    assert page.path == "/user/ann"
    assert "Your profile has been updated" in page.text
    assert "Hello <b>you</b>" in page.text
    assert user_column(app, ann, "name") == "Ann Lee"


def test_empty_display_name_falls_back_to_the_username(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann = make.user(name="Ann Lee", location="Oslo")
    fields = {"name": "", "location": " ", "about_me": ""}

    page = client.log_in(ann).submit("/edit-profile", fields)

    assert "Ann Lee" not in page.text
    assert user_column(app, ann, "name") is user_column(app, ann, "location") is None


@pytest.mark.parametrize(("field", "length"), [("name", 65), ("location", 65), ("about_me", 1001)])
def test_long_value_is_refused(
    app: Flask, make: Factory, client: SiteClient, field: str, length: int
) -> None:
    ann = make.user()

    page = client.log_in(ann).submit("/edit-profile", {field: "x" * length})

    assert "Use at most" in page.text
    assert user_column(app, ann, field) is None


def test_profile_form_changes_no_other_fields(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann = make.user()

    client.log_in(ann).post("/edit-profile", name="Ann", role="3", confirmed="", email="x@y.zz")

    assert user_column(app, ann, "email") == ann.email
    assert user_column(app, ann, "confirmed")


def test_last_seen_is_updated_at_most_once_a_minute(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann = make.user(last_seen=LONG_AGO)
    client.log_in(ann)
    seen = user_column(app, ann, "last_seen")

    client.open("/")

    assert seen > LONG_AGO
    assert user_column(app, ann, "last_seen") == seen


def test_get_requests_update_last_seen(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user()
    client.log_in(ann)
    set_last_seen(app, ann.id)

    client.open("/followed")

    assert user_column(app, ann, "last_seen") > LONG_AGO


def test_profile_shows_last_seen(app: Flask, make: Factory, client: SiteClient) -> None:
    make.user(last_seen=utcnow() - timedelta(hours=3, minutes=1))

    assert "3 hours ago" in client.open("/user/ann").text


def test_gravatar_is_used_only_if_enabled(
    app: Flask, make: Factory, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.user()

    assert "gravatar.com" not in client.open("/user/ann").html
    monkeypatch.setitem(app.config, "GRAVATAR_ENABLED", True)
    assert "https://secure.gravatar.com/avatar/" in client.open("/user/ann").html


def set_last_seen(app: Flask, user_id: int) -> None:
    with app.app_context():
        db.session.get_one(User, user_id).last_seen = LONG_AGO
        db.session.execute(update(LoginSession).values(last_used_at=LONG_AGO))
        db.session.commit()


def test_unconfirmed_author_keeps_a_profile(app: Flask, make: Factory, client: SiteClient) -> None:
    make.post(make.user("writer", confirmed=False))
    make.user("newcomer", confirmed=False)

    assert client.open("/user/writer").status == 200
    assert client.open("/user/newcomer").status == 404
