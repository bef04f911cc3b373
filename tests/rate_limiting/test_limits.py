"""Limits are read from the settings when they are needed, per network and per account."""

import pytest
from flask import Flask

from app.extensions import limiter
from app.models import Comment, Post
from app.rate_limiting.limits import API, LOGIN, client_network, limit_from
from tests.support.api_client import ApiClient
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.rows import count_rows


def test_limit_follows_the_setting(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_LOGIN", "3 per hour")
    monkeypatch.setitem(app.config, "RATELIMIT_API", "5 per hour")
    with app.app_context():
        assert LOGIN() == limit_from("RATELIMIT_LOGIN")() == "3 per hour"
        assert API() == "5 per hour"


CLIENTS = {
    "192.0.2.7": "192.0.2.7",
    "::ffff:192.0.2.7": "192.0.2.7",
    "2001:db8::7": "2001:db8::/64",
    "2001:DB8:0:0:ffff:ffff:ffff:ffff": "2001:db8::/64",
    "2001:db8:0:1::7": "2001:db8:0:1::/64",
    "::1": "::/64",
    "fe80::1%eth0": "fe80::/64",
    "": "unknown",
    "localhost": "unknown",
    "192.0.2.7:443": "unknown",
    "x" * 8000: "unknown",
}


@pytest.mark.parametrize("address", CLIENTS, ids=lambda address: address[:40] or "empty")
def test_clients_are_ipv4_addresses_and_ipv6_networks(app: Flask, address: str) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert client_network() == CLIENTS[address]


PAGES = [
    *("/", "/post/{post}", "/edit/{post}", "/post/{post}/deletion", "/comment/{comment}/deletion"),
    *("/edit-profile", "/follow/bob", "/unfollow/bob", "/preferences"),
    *("/comment/{comment}/edit", "/comment/{comment}/suspension"),
]
ENDPOINTS = [
    *(("POST", "/posts/"), ("PUT", "/posts/{post}"), ("DELETE", "/posts/{post}")),
    *(("POST", "/posts/{post}/comments/"), ("DELETE", "/comments/{comment}"), ("PATCH", "/me")),
    ("PUT", "/comments/{comment}"),
    *(("PUT", "/me/following/{bob}"), ("DELETE", "/me/following/{bob}"), ("DELETE", "/tokens/7")),
    *(("PUT", "/comments/{comment}/suspension"), ("DELETE", "/tokens/")),
]


@pytest.fixture
def ann(app: Flask, make: Factory, monkeypatch: pytest.MonkeyPatch) -> UserData:
    """A user who may make three changes in an hour."""
    monkeypatch.setitem(app.config, "RATELIMIT_CHANGE", "30 per minute; 3 per hour")
    monkeypatch.setitem(app.config, "RATELIMIT_PREVIEW", "2 per minute")
    return make.user("ann")


def use_up(app: Flask, ann: UserData) -> dict[str, int]:
    """Make three changes in different ways; return the values for paths."""
    page, endpoint = SiteClient(app).log_in(ann), ApiClient(app, ann)
    post = endpoint.post("/posts/", {"body": "x"}).get_json()["id"]
    comment = endpoint.post(f"/posts/{post}/comments/", {"body": "x"}).get_json()["id"]
    assert page.submit("/edit-profile", {"name": "Ann"}).status == 200
    return {"post": post, "comment": comment}


@pytest.mark.parametrize("path", PAGES)
def test_changes_on_pages_are_limited_per_account(
    app: Flask, make: Factory, ann: UserData, path: str
) -> None:
    bob = make.user("bob")
    values = use_up(app, ann)
    client = SiteClient(app).log_in(ann)
    client.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"

    page = client.post(path.format(**values), body="x", preview="Preview")

    assert page.status == 429
    assert 0 < int(page.response.headers["Retry-After"]) <= 3_601
    assert page.response.headers["RateLimit-Limit"] == "3"
    assert client.open("/").status == 200
    assert client.open("/edit-profile").status == 200
    assert SiteClient(app).log_in(bob).post("/", body="x").status == 200
    assert client.post("/auth/logout").path == "/"


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_changes_by_the_api_are_limited_per_account(
    app: Flask, make: Factory, ann: UserData, method: str, path: str
) -> None:
    bob = make.user("bob")
    values = use_up(app, ann) | {"bob": bob.id}
    client = ApiClient(app, ann)

    response = client.send(method, path.format(**values), json={"body": "x"})

    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 3_601
    assert response.headers["RateLimit-Limit"] == "3"
    assert client.get("/me").status_code == 200
    assert ApiClient(app, bob).post("/posts/", {"body": "x"}).status_code == 201
    assert ApiClient(app).post("/posts/", {"body": "x"}).status_code == 401
    assert (count_rows(app, Post), count_rows(app, Comment)) == (2, 1)


def test_previews_are_limited_per_account(app: Flask, make: Factory, ann: UserData) -> None:
    client, other = SiteClient(app).log_in(ann), SiteClient(app).log_in(make.user("bob"))

    statuses = [client.post("/preview", body="x").status for _ in range(3)]

    assert statuses == [200, 200, 429]
    assert client.post("/", body="x").status == 200
    assert other.post("/preview", body="x").status == 200


def test_limits_per_account_can_be_disabled(
    app: Flask, ann: UserData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "enabled", False)
    client = ApiClient(app, ann)

    for _ in range(5):
        assert client.post("/posts/", {"body": "x"}).status_code == 201


@pytest.mark.usefixtures("ann")
def test_anonymous_changes_are_not_counted(client: SiteClient) -> None:
    for _ in range(5):
        assert client.post("/preferences", theme="dark", locale="en").status == 200


def test_invalid_tokens_are_limited_per_network(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit per account comes after authentication; that per network must not."""
    monkeypatch.setitem(app.config, "RATELIMIT_API", "2 per minute")
    client = app.test_client()
    wrong = {"Authorization": "Bearer wrong"}

    responses = [client.post("/api/v1/posts/", headers=wrong, json={}) for _ in range(3)]

    assert [response.status_code for response in responses] == [401, 401, 429]
