"""The numbers of new posts and unread notifications that a page asks for."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.extensions import db
from app.models import LoginSession
from tests.support.databases import record_statements
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient

pytestmark = pytest.mark.both_databases

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def ann(make: Factory, client: SiteClient) -> UserData:
    """The logged-in user of `client`."""
    user = make.user("ann")
    client.log_in(user)
    return user


@pytest.fixture
def bob(make: Factory) -> UserData:
    return make.user("bob")


def state(client: SiteClient, path: str) -> Any:
    """Return a function that asks what a page at `path` would ask later."""
    page = client.open(path)
    feed, after = page.attribute("data-live-feed"), page.attribute("data-after")
    return lambda: client.client.get(f"/live?feed={feed}&after={after}").json


def test_posts_that_the_feed_will_show_are_new(
    make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    muted, blocker = make.user("muted"), make.user("blocker")
    make.mute(ann, muted)
    make.block(blocker, ann)
    make.follow(ann, bob)
    make.post(bob)
    feeds = [state(client, "/"), state(client, "/followed")]
    assert [feed()["posts"] for feed in feeds] == [0, 0]

    spammer = make.user("spammer", suspended_at=LONG_AGO)

    for author in (bob, make.user("eve"), muted, blocker, spammer):
        make.post(author)

    assert [feed()["posts"] for feed in feeds] == [2, 1]


def test_first_post_of_a_site_is_new(make: Factory, client: SiteClient, ann: UserData) -> None:
    feed = state(client, "/")
    make.post(ann)

    assert feed() == {"posts": 1, "unread": 0}


def test_number_of_posts_is_bounded(make: Factory, client: SiteClient, ann: UserData) -> None:
    feed = state(client, "/")
    for _ in range(22):
        make.post(ann)

    assert feed()["posts"] == 21


def test_asking_is_no_use_of_the_session(
    app: Flask, make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    make.comment(bob, make.post(ann))
    feed = state(client, "/")
    client.client.get("/live")  # SQLAlchemy compiles the statement
    with app.app_context():
        db.session.execute(update(LoginSession).values(last_used_at=LONG_AGO))
        db.session.commit()

    with record_statements(app) as statements:
        response = client.client.get("/live")
    with record_statements(app) as of_feed:
        feed()

    assert response.json == {"posts": 0, "unread": 1}
    assert [one.split()[0] for one in statements] == ["SELECT"]
    assert [one.split()[0] for one in of_feed] == ["SELECT"] * 2
    assert "Set-Cookie" not in response.headers
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("query", ["", "?feed=all", "?after=0-0", "?feed=x&after=0-0"])
def test_page_without_a_feed_has_no_new_posts(
    make: Factory, client: SiteClient, ann: UserData, query: str
) -> None:
    make.post(ann)

    assert client.client.get(f"/live{query}").json == {"posts": 0, "unread": 0}


def test_invalid_cursor_is_refused(client: SiteClient, ann: UserData) -> None:
    assert client.open("/live?feed=all&after=yesterday").status == 400


def test_older_pages_and_anonymous_users_get_no_updates(
    make: Factory, client: SiteClient, ann: UserData
) -> None:
    for _ in range(21):
        make.post(ann)
    older = next(link for link in client.open("/").links if "before=" in link)

    assert "data-live-feed" not in client.open(older).html
    assert "data-live" not in SiteClient(make.app).open("/").html
