"""Logins with an OpenID Connect issuer that fail, or that someone attacks."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from tests.auth.actions import is_logged_in
from tests.auth.openid_actions import CALLBACK, START, at_issuer, log_in, log_out
from tests.support.factories import UserData
from tests.support.http_client import SiteClient
from tests.support.openid_issuer import CLIENT_ID, Issuer, new_key


def test_request_to_the_issuer_has_state_nonce_and_pkce(
    issuer: Issuer, client: SiteClient
) -> None:
    urls = [client.client.get(START).headers["Location"] for _ in range(2)]

    first, second = (parse_qs(urlsplit(url).query) for url in urls)
    assert first["code_challenge_method"] == ["S256"]
    assert first["redirect_uri"] == ["http://flasky.example/auth/openid/callback"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 20
        assert first[name] != second[name]


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_login_does_not_redirect_to_another_site(
    linked: UserData, client: SiteClient, target: str
) -> None:
    response = client.client.get(at_issuer(client, f"{START}?next={target}"))

    assert response.headers["Location"] == "/"


def test_declined_login_is_explained(issuer: Issuer, client: SiteClient) -> None:
    issuer.is_denied = True

    page = log_in(client)

    assert "You did not allow Example to log you in." in page.text


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?code=x&state=y", "?state=y", "?error=server_error"]
)
def test_callback_without_a_login_is_explained(
    issuer: Issuer, client: SiteClient, query: str
) -> None:
    page = client.open(CALLBACK + query)

    assert (page.path, page.status) == ("/auth/login", 200)
    assert "Example" in page.text


def test_callback_works_once_and_only_in_the_browser_that_started(
    app: Flask, linked: UserData, client: SiteClient
) -> None:
    callback = at_issuer(client)
    thief = SiteClient(app)

    assert "has expired" in thief.open(callback).text
    assert not is_logged_in(thief)
    client.open(callback)
    log_out(client)
    assert "has expired" in client.open(callback).text
    assert not is_logged_in(client)


def test_logins_that_are_not_completed_do_not_fill_the_cookie(
    issuer: Issuer, client: SiteClient
) -> None:
    sizes = set()
    for _ in range(5):
        client.client.get(START)
        with client.client.session_transaction() as session:
            sizes.add(sum(key.startswith("_state_") for key in session))

    assert sizes == {1}


def test_code_of_another_login_is_refused(
    app: Flask, linked: UserData, client: SiteClient
) -> None:
    stolen = parse_qs(urlsplit(at_issuer(SiteClient(app))).query)["code"][0]
    state = parse_qs(urlsplit(at_issuer(client)).query)["state"][0]

    page = client.open(f"{CALLBACK}?code={stolen}&state={state}")  # PKCE

    assert "Logging in with Example failed." in page.text
    assert not is_logged_in(client)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": ["another site"]},
        {"aud": ["another site", CLIENT_ID]},
        {"nonce": "of another login"},
        {"exp": 1_000_000_000},
        {"iat": 4_000_000_000},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "nul \0"},
        {"azp": "another site"},
    ],
    ids=str,
)
def test_wrong_token_is_refused(
    app: Flask, issuer: Issuer, linked: UserData, client: SiteClient, claims: dict[str, object]
) -> None:
    issuer.claims = claims

    page = log_in(client)

    assert (page.path, page.status) == ("/auth/login", 200)
    assert "Logging in with Example failed." in page.text
    assert not is_logged_in(client)


def test_token_with_another_signature_is_refused(
    issuer: Issuer, linked: UserData, client: SiteClient
) -> None:
    issuer.key = new_key()

    assert "failed" in log_in(client).text
    assert not is_logged_in(client)


@pytest.mark.parametrize(("seconds", "logs_in"), [(60, True), (600, False)])
def test_clock_of_the_issuer_may_be_a_little_wrong(
    issuer: Issuer, linked: UserData, client: SiteClient, seconds: int, logs_in: bool
) -> None:
    issuer.claims = {"iat": int(time.time()) + seconds}

    log_in(client)

    assert is_logged_in(client) is logs_in


def test_issuer_that_is_down_is_explained(
    app: Flask, issuer: Issuer, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "OIDC_ISSUER", "http://127.0.0.1:9")

    page = client.open(START)

    assert (page.path, page.status) == ("/auth/login", 200)
    assert "Logging in with Example failed. Try again later." in page.text


def test_configuration_of_another_issuer_is_refused(
    app: Flask, issuer: Issuer, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "OIDC_ISSUER", f"{issuer.url}/")

    assert "failed" in client.open(START).text


def test_logins_are_limited(
    app: Flask, issuer: Issuer, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_LOGIN", "2 per minute")

    assert [client.client.get(START).status_code for _ in range(3)] == [302, 302, 429]
