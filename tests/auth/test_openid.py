"""Logging in with an OpenID Connect issuer, which runs on this machine."""

import pytest
from flask import Flask

from app.extensions import db
from app.models import Identity, User
from tests.auth.actions import is_logged_in
from tests.auth.openid_actions import CALLBACK, LINKED, START, log_in
from tests.auth.test_security_log import events
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.openid_issuer import Issuer
from tests.support.rows import count_rows


def test_without_an_issuer_there_is_no_button_and_no_page(app: Flask, ann: UserData) -> None:
    client = SiteClient(app)
    assert START not in client.open("/auth/login").html
    client.log_in(ann)

    assert "Linked account" not in client.open("/auth/settings").text
    for path in (START, CALLBACK, LINKED, "/auth/openid/password", "/auth/identity/link"):
        assert client.open(path).status == 404


def test_login_page_has_a_button(issuer: Issuer, client: SiteClient) -> None:
    page = client.open("/auth/login?next=/preferences")

    assert "Log in with Example" in page.text
    assert "/auth/openid?next=/preferences" in page.links


def test_linked_account_logs_in(app: Flask, linked: UserData, client: SiteClient) -> None:
    page = log_in(client, f"{START}?next=/preferences")

    assert page.path == "/preferences"
    assert is_logged_in(client)
    assert events(app, linked) == ["login", "identity_added", "login"]


def test_subject_counts_not_the_address(
    app: Flask, issuer: Issuer, linked: UserData, make: Factory, client: SiteClient
) -> None:
    make.user("bob")
    issuer.user = {"sub": "1234", "email": "bob@example.com", "email_verified": False}

    log_in(client)

    assert "ann" in client.open("/auth/account").text


@pytest.mark.parametrize("verified", [False, None, "false", 0, 1])
@pytest.mark.parametrize("path", ["new", "known", "logged in"])
def test_unverified_address_is_refused(
    app: Flask, issuer: Issuer, make: Factory, client: SiteClient, verified: object, path: str
) -> None:
    issuer.user["email_verified"] = verified
    if path != "new":
        ann = make.user("ann")
        if path == "logged in":
            client.log_in(ann)

    page = log_in(client)

    assert "Example has not verified your email address." in page.text
    assert is_logged_in(client) is (path == "logged in")
    assert client.open("/auth/openid/password").path != "/auth/openid/password"
    assert count_rows(app, Identity) == 0


@pytest.mark.parametrize("email", ["", "no address", "a@b", None])
def test_invalid_address_is_refused(issuer: Issuer, client: SiteClient, email: str | None) -> None:
    issuer.user["email"] = email

    page = log_in(client)

    assert page.path == "/auth/login"
    assert page.status == 200


def test_second_factor_still_holds(
    app: Flask, linked: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    phone.add_to(app, linked)

    page = log_in(client)

    assert page.path == "/auth/login/code"
    assert not is_logged_in(client)
    client.send(page, {"code": phone.next_code()})
    assert is_logged_in(client)


@pytest.mark.parametrize("columns", [{"confirmed": False}, {"suspended": True}])
def test_account_that_cannot_log_in_does_not(
    app: Flask, linked: UserData, client: SiteClient, columns: dict[str, bool]
) -> None:
    with app.app_context():
        user = db.session.get_one(User, linked.id)
        user.suspend("Spam") if "suspended" in columns else setattr(user, "confirmed", False)
        db.session.commit()

    page = log_in(client)

    assert "The account that is linked to Example cannot log in." in page.text
    assert not is_logged_in(client)
