"""Roles whose users must have a second factor."""

import pytest
from flask import Flask

from tests.auth.actions import try_to_log_in
from tests.support.api_client import ApiClient, issue_token
from tests.support.authenticator_app import SETUP, AuthenticatorApp
from tests.support.factories import PASSWORD, Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.passkey_device import PasskeyDevice

MESSAGE = "Your role requires two-factor authentication. Set it up to continue."


@pytest.fixture
def mod(make: Factory, client: SiteClient) -> UserData:
    """A moderator who is logged in."""
    mod = make.user("mod", "Moderator")
    client.log_in(mod)
    return mod


@pytest.fixture(autouse=True)
def _required(mod: UserData, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Require it after the login."""
    monkeypatch.setitem(app.config, "TWO_FACTOR_ROLES", ["Moderator"])


PATHS = [
    "/", "/moderate", "/edit-profile", "/auth/tokens", "/auth/two-factor", "/auth/passkeys/new",
    "/auth/change-password", "/auth/change-email", "/api/docs", "/missing",
]  # fmt: skip


def test_users_without_it_can_only_set_it_up(
    make: Factory, client: SiteClient, phone: AuthenticatorApp
) -> None:
    for path in PATHS[:-1]:
        page = client.open(path)
        assert (page.path, MESSAGE in page.text) == (SETUP, True), path
    assert client.open("/missing").status == 404
    assert client.post("/", body="A post").path == SETUP
    assert client.open("/preferences").path == "/preferences"

    phone.set_up(client)

    assert client.open("/moderate").path == "/moderate"


def test_users_without_it_can_log_out(client: SiteClient) -> None:
    assert client.submit(SETUP, action="/auth/logout").path == "/"


def test_other_roles_need_none(app: Flask, make: Factory) -> None:
    client = SiteClient(app).log_in(make.user("ann"))

    assert client.open("/edit-profile").path == "/edit-profile"


def test_login_leads_to_the_setup(app: Flask, mod: UserData) -> None:
    assert try_to_log_in(SiteClient(app), mod.email).path == SETUP


def test_it_has_to_be_set_up_again_after_it_was_removed(
    client: SiteClient, phone: AuthenticatorApp
) -> None:
    phone.set_up(client)

    page = client.submit("/auth/two-factor/removal", action="/auth/two-factor/removal")

    assert page.path == SETUP
    assert client.open("/moderate").path == SETUP


def test_passkey_is_enough(
    app: Flask, mod: UserData, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "TWO_FACTOR_ROLES", [])
    device = PasskeyDevice()
    device.add_to(client)
    monkeypatch.setitem(app.config, "TWO_FACTOR_ROLES", ["Moderator"])
    assert client.open("/").path == SETUP
    other = SiteClient(app)

    assert device.log_in(other, "/auth/login?next=/moderate").path == "/moderate"


def test_api_creates_no_token_without_it(
    app: Flask, mod: UserData, phone: AuthenticatorApp
) -> None:
    auth, client = (mod.email, PASSWORD), ApiClient(app)
    client.token = issue_token(app, mod, "earlier")

    response = ApiClient(app).post("/tokens/", {"name": "x"}, auth=auth)
    assert (response.status_code, response.get_json()["reason"]) == (403, "two_factor_required")
    wrong = ApiClient(app).post("/tokens/", {"name": "x"}, auth=(mod.email, "wrong"))
    assert wrong.status_code == 401
    assert client.get("/me").status_code == 200

    phone.add_to(app, mod)
    body = {"name": "x", "code": phone.next_code()}
    assert ApiClient(app).post("/tokens/", body, auth=auth).status_code == 201
