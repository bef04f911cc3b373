"""Cache headers: pages of a user are private, public pages vary by language."""

import pytest
from flask import Flask

from app.security.cache_control import STALE_WHILE_REVALIDATE
from tests.support.factories import Factory
from tests.support.http_client import SiteClient


def test_pages_of_a_user_are_private(app: Flask, make: Factory) -> None:
    client = SiteClient(app).log_in(make.user("ann", "Moderator"))

    for path in ("/", "/user/ann", "/edit-profile", "/moderate", "/no-such-page"):
        response = client.open(path).response

        assert response.cache_control.private, path
        assert response.cache_control.no_cache, path
        assert "Cookie" in response.vary, path


def test_page_with_a_form_is_private(client: SiteClient) -> None:
    assert client.open("/auth/login").response.cache_control.private


def test_pages_of_anonymous_users_vary_by_language(make: Factory, client: SiteClient) -> None:
    make.user("ann")

    for path in ("/", "/user/ann", "/no-such-page"):
        response = client.open(path).response

        assert not response.cache_control.private, path
        assert {"Accept-Language", "Cookie"} <= set(response.vary), path


def test_proxy_that_asks_may_serve_stale_pages_of_anonymous_users(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    user = SiteClient(app).log_in(make.user("ann"))
    asks = {"Surrogate-Capability": 'nginx="stale-while-revalidate"'}
    stale = f"stale-while-revalidate={STALE_WHILE_REVALIDATE}"

    for path, expected in (("/", stale), ("/no-such-page", stale), ("/healthz", "no-store")):
        assert client.client.get(path, headers=asks).headers["Cache-Control"] == expected
    assert "Cache-Control" not in client.client.get("/").headers
    for path in ("/auth/login", "/preferences"):
        assert stale not in client.client.get(path, headers=asks).headers["Cache-Control"]
    assert stale not in user.client.get("/", headers=asks).headers["Cache-Control"]


def test_no_proxy_may_serve_stale_errors_of_the_server(
    app: Flask, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    unavailable = ("Try again later.", 503)
    monkeypatch.setitem(app.view_functions, "main.index", lambda: unavailable)
    asks = {"Surrogate-Capability": 'nginx="stale-while-revalidate"'}

    response = client.client.get("/", headers=asks)

    assert (response.status_code, response.headers.get("Cache-Control")) == (503, None)


def test_api_responses_vary_by_token(client: SiteClient) -> None:
    response = client.client.get("/api/v1/posts/")

    assert "Authorization" in response.vary
    assert "Accept-Language" not in response.vary
    assert not response.cache_control.private
