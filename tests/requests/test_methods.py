"""GET requests change nothing, and POST requests need a CSRF token."""

import pytest
from flask import Flask
from itsdangerous import TimestampSigner

from tests.support.endpoints import FORMS, OK, PAGES
from tests.support.factories import Factory
from tests.support.http_client import Page, SiteClient
from tests.support.roles import RoleClients
from tests.support.rows import all_rows


@pytest.mark.slow
@pytest.mark.parametrize("role", ["author", "administrator"])
def test_get_changes_no_row(app: Flask, role_clients: RoleClients, role: str) -> None:
    client, _token = role_clients.client(role)
    before = all_rows(app)

    for endpoint in PAGES:
        for method in ("GET", "HEAD", "OPTIONS"):
            client.open(role_clients.site.path(endpoint), method=method).close()
        assert all_rows(app) == before, endpoint


@pytest.mark.slow
@pytest.mark.parametrize("token", [None, "", "made up"], ids=["none", "empty", "made up"])
def test_post_without_a_csrf_token_is_refused(
    app: Flask, role_clients: RoleClients, token: str | None
) -> None:
    client, _token = role_clients.client("administrator")
    before = all_rows(app)

    for endpoint in FORMS:
        if endpoint.name == "auth.unsubscribe":  # demo-only
            continue  # its token is the proof: RFC 8058; demo-only
        path, fields = role_clients.site.path(endpoint), role_clients.site.fields(endpoint)
        data = fields if token is None else {**fields, "csrf_token": token}
        page = Page(path, client.post(path, data=data))

        assert page.status == 400, endpoint
        assert "The form has expired" in page.text
        assert "/" in page.links
        assert all_rows(app) == before, endpoint


def test_csrf_token_is_valid_for_a_day(
    make: Factory, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = client.log_in(make.user()).open("/edit-profile")
    now = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda signer: now(signer) + 24 * 3600)

    assert "Written a day later" in client.send(page, {"about_me": "Written a day later"}).text


def test_csrf_token_of_another_session_is_refused(role_clients: RoleClients) -> None:
    _client, token = role_clients.client("user")
    client, _token = role_clients.client("author")

    response = client.post("/preferences", data={"theme": "dark", "csrf_token": token})

    assert response.status_code == 400


def test_anonymous_user_gets_no_cookie_from_pages_without_forms(
    app: Flask, role_clients: RoleClients
) -> None:
    paths = [
        role_clients.site.path(endpoint)
        for endpoint in PAGES
        if endpoint.outcomes["anonymous"] == OK
        and not endpoint.name.startswith("auth.")
        and endpoint.name != "main.preferences"
    ]

    for path in [*paths, "/missing", "/user/missing", "/post/4711", "/follow/x"]:
        with app.test_client().get(path) as response:
            assert response.headers.getlist("Set-Cookie") == [], path
