"""Following people."""

import pytest
from flask import Flask

from app.models import Follow
from tests.factories import Factory, Person
from tests.reader import Reader
from tests.rows import number_of, value


def counts(app: Flask, *people: Person) -> list[tuple[int, int]]:
    """Return for each person how many follow them and how many they follow."""
    columns = ("follower_count", "following_count")
    return [(value(app, one, columns[0]), value(app, one, columns[1])) for one in people]


def test_follow_and_unfollow_are_buttons(app: Flask, make: Factory, reader: Reader) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    reader.log_in(ann)

    page = reader.submit("/user/bob", action="/follow/bob")
    assert "You are now following bob" in page.text
    assert counts(app, ann, bob) == [(0, 1), (1, 0)]

    page = reader.send(page, {}, "/unfollow/bob")
    assert "You no longer follow bob" in page.text
    assert counts(app, ann, bob) == [(0, 0), (0, 0)]


@pytest.mark.parametrize("verb", ["follow", "unfollow"])
def test_opening_an_address_follows_nobody(
    app: Flask, make: Factory, reader: Reader, verb: str
) -> None:
    make.user("bob")
    reader.log_in(make.user("ann"))

    assert reader.open(f"/{verb}/bob").status == 405
    assert number_of(app, Follow) == 2


def test_following_twice_counts_once(app: Flask, make: Factory, reader: Reader) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    reader.log_in(ann).post("/follow/bob")

    page = reader.post("/follow/bob")

    assert "You are following bob already" in page.text
    assert counts(app, ann, bob) == [(0, 1), (1, 0)]


def test_unfollowing_somebody_one_does_not_follow_changes_nothing(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann, bob = make.user("ann"), make.user("bob")

    page = reader.log_in(ann).post("/unfollow/bob")

    assert "You were not following bob" in page.text
    assert counts(app, ann, bob) == [(0, 0), (0, 0)]


def test_nobody_follows_themself(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user("ann")

    page = reader.log_in(ann).post("/follow/ann")

    assert page.status == 400
    assert "no need to follow yourself" in page.text
    assert counts(app, ann) == [(0, 0)]


def test_unfollowing_oneself_changes_nothing(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user("ann")
    make.post(ann, "My own words")

    page = reader.log_in(ann).post("/unfollow/ann")

    assert page.status == 200
    assert counts(app, ann) == [(0, 0)]
    assert "0 followers" in page.text
    assert "My own words" in reader.open("/followed").text


@pytest.mark.parametrize("verb", ["follow", "unfollow"])
def test_somebody_unknown_cannot_be_followed(make: Factory, reader: Reader, verb: str) -> None:
    make.user("unsure", confirmed=False)
    reader.log_in(make.user("ann"))

    assert reader.post(f"/{verb}/nobody").status == 404
    assert reader.post(f"/{verb}/unsure").status == 404


def test_role_without_following_may_not(
    app: Flask, make: Factory, reader: Reader, mute: None
) -> None:
    make.user("bob")
    reader.log_in(make.user("ann"))

    assert reader.post("/follow/bob").status == 403
    assert all("/follow/" not in form.action for form in reader.open("/user/bob").forms)


def test_lists_name_who_follows_whom_and_not_oneself(make: Factory, reader: Reader) -> None:
    ann, bob = make.user("ann"), make.user("bob", name="Bob Ray")
    make.follow(bob, ann)

    followers, followed = reader.open("/followers/ann"), reader.open("/followed-by/bob")

    assert "/user/bob" in followers.links
    assert "Bob Ray" in followers.text
    assert "/user/ann" in followed.links
    assert "since" in followed.text
    assert "/user/bob" not in reader.open("/followed-by/ann").links


def test_profile_tells_who_follows_the_reader(make: Factory, reader: Reader) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    make.follow(bob, ann)
    reader.log_in(ann)

    assert "Follows you" in reader.open("/user/bob").text
    assert "Follows you" not in reader.open("/user/ann").text


def test_stranger_is_led_back_after_logging_in_to_follow(make: Factory, reader: Reader) -> None:
    make.user("bob")
    ann = make.user("ann")
    page = reader.open("/user/bob")
    assert page.forms == []

    login = next(link for link in page.links if link.startswith("/auth/login?next="))
    page = reader.send(reader.open(login), {"email": ann.email, "password": ann.password})

    assert page.path == "/user/bob"
