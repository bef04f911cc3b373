"""Following users, and the lists of followers."""

import pytest
from flask import Flask

from app.models import Follow
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.rows import count_rows, user_column


def counts(app: Flask, *users: UserData) -> list[tuple[int, int]]:
    """Return the follower and following counts of each user."""
    columns = ("follower_count", "following_count")
    return [
        (user_column(app, user, columns[0]), user_column(app, user, columns[1])) for user in users
    ]


def test_follow_and_unfollow(app: Flask, make: Factory, client: SiteClient) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    client.log_in(ann)

    page = client.submit("/user/bob", action="/follow/bob")
    assert "You are now following bob" in page.text
    assert counts(app, ann, bob) == [(0, 1), (1, 0)]

    page = client.send(page, {}, "/unfollow/bob")
    assert "You are no longer following bob" in page.text
    assert counts(app, ann, bob) == [(0, 0), (0, 0)]


@pytest.mark.parametrize("verb", ["follow", "unfollow"])
def test_follow_and_unfollow_need_post(
    app: Flask, make: Factory, client: SiteClient, verb: str
) -> None:
    make.user("bob")
    client.log_in(make.user("ann"))

    assert client.open(f"/{verb}/bob").status == 405
    assert count_rows(app, Follow) == 2


def test_following_twice_counts_once(app: Flask, make: Factory, client: SiteClient) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    client.log_in(ann).post("/follow/bob")

    page = client.post("/follow/bob")

    assert "You are already following bob" in page.text
    assert counts(app, ann, bob) == [(0, 1), (1, 0)]


def test_unfollowing_a_user_who_is_not_followed_changes_nothing(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann, bob = make.user("ann"), make.user("bob")

    page = client.log_in(ann).post("/unfollow/bob")

    assert "You are not following bob" in page.text
    assert counts(app, ann, bob) == [(0, 0), (0, 0)]


def test_user_cannot_follow_themselves(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")

    page = client.log_in(ann).post("/follow/ann")

    assert page.status == 400
    assert "You can’t follow yourself" in page.text
    assert counts(app, ann) == [(0, 0)]


def test_user_cannot_unfollow_themselves(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    make.post(ann, "My own words")

    page = client.log_in(ann).post("/unfollow/ann")

    assert page.status == 200
    assert counts(app, ann) == [(0, 0)]
    assert "0 followers" in page.text
    assert "My own words" in client.open("/followed").text


@pytest.mark.parametrize("verb", ["follow", "unfollow"])
def test_missing_and_unconfirmed_users_cannot_be_followed(
    make: Factory, client: SiteClient, verb: str
) -> None:
    make.user("pending", confirmed=False)
    client.log_in(make.user("ann"))

    assert client.post(f"/{verb}/missing").status == 404
    assert client.post(f"/{verb}/pending").status == 404


def test_role_without_permission_cannot_follow(
    app: Flask, make: Factory, client: SiteClient, read_only_users: None
) -> None:
    make.user("bob")
    client.log_in(make.user("ann"))

    assert client.post("/follow/bob").status == 403
    assert all("/follow/" not in form.action for form in client.open("/user/bob").forms)


def test_lists_exclude_the_self_follow(make: Factory, client: SiteClient) -> None:
    ann, bob = make.user("ann"), make.user("bob", name="Bob Ray")
    make.follow(bob, ann)

    followers, followed = client.open("/followers/ann"), client.open("/followed-by/bob")

    assert "/user/bob" in followers.links
    assert "Bob Ray" in followers.text
    assert "/user/ann" in followed.links
    assert "since" in followed.text
    assert "/user/bob" not in client.open("/followed-by/ann").links


def test_profile_shows_whether_the_user_follows_back(make: Factory, client: SiteClient) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    make.follow(bob, ann)
    client.log_in(ann)

    assert "Follows you" in client.open("/user/bob").text
    assert "Follows you" not in client.open("/user/ann").text


def test_anonymous_user_returns_to_the_profile_after_login(
    make: Factory, client: SiteClient
) -> None:
    make.user("bob")
    ann = make.user("ann")
    page = client.open("/user/bob")
    assert [form.action for form in page.forms if form.method == "post"] == []

    login = next(link for link in page.links if link.startswith("/auth/login?next="))
    page = client.send(client.open(login), {"email": ann.email, "password": ann.password})

    assert page.path == "/user/bob"
