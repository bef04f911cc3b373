"""What the site accepts from an issuer; for the pages, see tests/auth/test_openid.py."""

from collections.abc import Iterator

import pytest
import requests
from flask import Flask, session

from app.security import openid
from app.security.openid import Claims, OpenIDError
from tests.support.openid_issuer import CALLBACK, CLIENT_ID, CLIENT_SECRET, Issuer, new_key

SITE = "http://flasky.example"


@pytest.fixture
def issuer(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    """An issuer that the site is configured for."""
    with Issuer(SITE) as issuer:
        monkeypatch.setitem(app.config, "OIDC_ISSUER", issuer.url)
        monkeypatch.setitem(app.config, "OIDC_CLIENT_ID", CLIENT_ID)
        monkeypatch.setitem(app.config, "OIDC_CLIENT_SECRET", CLIENT_SECRET)
        yield issuer
    app.extensions.pop("openid", None)


def claims_of(app: Flask) -> Claims:
    """Log in at the issuer; return the claims."""
    with app.test_request_context("/auth/openid"):
        url = openid.authorization_url(SITE + CALLBACK)
        cookie = dict(session)
    reply = requests.get(url, allow_redirects=False, timeout=60)
    with app.test_request_context(reply.headers["Location"].removeprefix(SITE)):
        session.update(cookie)
        return openid.fetch_claims()


def test_claims_are_those_of_the_token(app: Flask, issuer: Issuer) -> None:
    assert claims_of(app) == Claims("1234", "ann@example.com", True)


def test_claims_can_be_at_another_url(app: Flask, issuer: Issuer) -> None:
    issuer.is_brief = True

    assert claims_of(app) == Claims("1234", "ann@example.com", True)


def test_claims_about_another_user_are_ignored(app: Flask, issuer: Issuer) -> None:
    issuer.is_brief, issuer.claims = True, {"sub": "5678"}

    assert claims_of(app) == Claims("5678", "", False)


@pytest.mark.parametrize(
    ("value", "verified"), [(True, True), ("true", True), (False, False), (1, False), ([], False)]
)
def test_only_true_is_verified(app: Flask, issuer: Issuer, value: object, verified: bool) -> None:
    issuer.claims = {"email_verified": value}

    assert claims_of(app).email_verified is verified


def test_new_key_of_the_issuer_is_fetched(app: Flask, issuer: Issuer) -> None:
    claims_of(app)
    issuer.key = issuer.published_key = new_key("2")

    assert claims_of(app).subject == "1234"


def test_name_of_the_issuer_is_its_host_by_default(app: Flask, issuer: Issuer) -> None:
    with app.app_context():
        assert openid.issuer_name() == "127.0.0.1"


def test_wrong_secret_of_the_client_fails(
    app: Flask, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "OIDC_CLIENT_SECRET", "wrong")

    with pytest.raises(OpenIDError, match="failed"):
        claims_of(app)
