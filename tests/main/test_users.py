"""Profiles: reading and editing one's own."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app.extensions import db
from app.models import User, utcnow
from tests.factories import Factory
from tests.reader import Reader
from tests.rows import value

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def test_profile_shows_the_person_and_their_posts(make: Factory, reader: Reader) -> None:
    ann = make.user(name="Ann Lee", location="Oslo", about_me="I like *trains*.")
    make.post(ann, "My first words")
    make.post(make.user("bob"), "Words of somebody else")

    page = reader.open("/user/ann")

    for words in ("Ann Lee", "@ann", "Oslo", "I like *trains*.", "My first words", "1 post"):
        assert words in page.text
    assert "Words of somebody else" not in page.text
    assert {"/followers/ann", "/followed-by/ann"} <= set(page.links)


def test_profile_is_found_in_any_case(make: Factory, reader: Reader) -> None:
    make.user("Ann")

    assert reader.open("/user/aNN").status == 200


def test_profile_never_shows_the_address(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user("ann", email="private@elsewhere.example")
    make.post(ann)

    for path in ("/user/ann", "/", "/followers/ann"):
        assert "private" not in reader.open(path).html


@pytest.mark.parametrize(
    "name", ["nobody", "%F0%9F%98%80", "a" * 500, "..", "%2e%2e", "a%2Fb", "x%27--", "%ff", "%20"]
)
def test_odd_name_is_not_found(make: Factory, reader: Reader, name: str) -> None:
    make.user()

    assert reader.open(f"/user/{name}").status == 404


def test_profile_is_edited(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user()
    fields = {"name": " Ann Lee ", "location": "Oslo", "about_me": "Hello <b>you</b>"}

    page = reader.log_in(ann).submit("/edit-profile", fields)

    assert page.path == "/user/ann"
    assert "Your profile has been updated" in page.text
    assert "Hello <b>you</b>" in page.text
    assert value(app, ann, "name") == "Ann Lee"


def test_emptied_profile_shows_the_username(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user(name="Ann Lee", location="Oslo")
    fields = {"name": "", "location": " ", "about_me": ""}

    page = reader.log_in(ann).submit("/edit-profile", fields)

    assert "Ann Lee" not in page.text
    assert value(app, ann, "name") is value(app, ann, "location") is None


@pytest.mark.parametrize(("field", "length"), [("name", 65), ("location", 65), ("about_me", 1001)])
def test_too_long_an_answer_is_refused(
    app: Flask, make: Factory, reader: Reader, field: str, length: int
) -> None:
    ann = make.user()

    page = reader.log_in(ann).submit("/edit-profile", {field: "x" * length})

    assert "Use at most" in page.text
    assert value(app, ann, field) is None


def test_form_of_the_profile_changes_nothing_else(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann = make.user()

    reader.log_in(ann).post("/edit-profile", name="Ann", role="3", confirmed="", email="x@y.zz")

    assert value(app, ann, "email") == ann.email
    assert value(app, ann, "confirmed")


def test_reading_moves_the_time_one_was_last_seen_once_a_minute(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann = make.user(last_seen=LONG_AGO)
    reader.log_in(ann)
    seen = value(app, ann, "last_seen")

    reader.open("/")

    assert seen > LONG_AGO
    assert value(app, ann, "last_seen") == seen


def test_time_one_was_last_seen_moves_by_reading_alone(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann = make.user()
    reader.log_in(ann)
    set_last_seen(app, ann.id)

    reader.open("/followed")

    assert value(app, ann, "last_seen") > LONG_AGO


def test_profile_tells_how_long_ago_somebody_was_here(
    app: Flask, make: Factory, reader: Reader
) -> None:
    make.user(last_seen=utcnow() - timedelta(hours=3, minutes=1))

    assert "3 hours ago" in reader.open("/user/ann").text


def test_gravatar_is_asked_only_where_that_is_switched_on(
    app: Flask, make: Factory, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.user()

    assert "gravatar.com" not in reader.open("/user/ann").html
    monkeypatch.setitem(app.config, "FLASKY_GRAVATAR", True)
    assert "https://secure.gravatar.com/avatar/" in reader.open("/user/ann").html


def set_last_seen(app: Flask, user_id: int) -> None:
    with app.app_context():
        db.session.get_one(User, user_id).last_seen = LONG_AGO
        db.session.commit()


def test_author_whose_confirmation_was_taken_back_keeps_a_page(
    app: Flask, make: Factory, reader: Reader
) -> None:
    make.post(make.user("writer", confirmed=False))
    make.user("newcomer", confirmed=False)

    assert reader.open("/user/writer").status == 200
    assert reader.open("/user/newcomer").status == 404
