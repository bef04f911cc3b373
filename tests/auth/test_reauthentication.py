"""Credentials change after a recent login only."""

from datetime import timedelta

import pytest
from flask import Flask

from app.extensions import db
from app.models import Authenticator, LoginSession, utcnow
from tests.auth.actions import change_password, is_logged_in, try_to_log_in
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.factories import PASSWORD, Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.passkey_device import LOGIN, PasskeyDevice, options_of
from tests.support.rows import count_rows

PAGE, SETUP = "/auth/reauthentication", "/auth/two-factor/setup"
REMOVAL = "/auth/two-factor/removal"


@pytest.fixture
def ann(
    app: Flask, make: Factory, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> UserData:
    """A user whose login was 16 minutes ago."""
    monkeypatch.setitem(app.config, "REAUTHENTICATION_MINUTES", 15)
    ann = make.user("ann")
    client.log_in(ann, remember_me="y")
    let_minutes_pass(app, 16)
    return ann


def let_minutes_pass(app: Flask, minutes: int) -> None:
    with app.app_context():
        earlier = utcnow() - timedelta(minutes=minutes)
        db.session.execute(db.update(LoginSession).values(timestamp=earlier))
        db.session.commit()


def test_old_login_has_to_be_repeated(app: Flask, ann: UserData, client: SiteClient) -> None:
    page = client.open(SETUP)
    assert page.path == f"{PAGE}?next={SETUP}"

    page = client.send(page, {"password": "wrong"})
    assert "Incorrect password" in page.text
    page = client.send(page, {"password": PASSWORD})

    assert page.path == SETUP
    assert count_rows(app, LoginSession) == 1
    client.client.delete_cookie("session")
    assert is_logged_in(client)


def test_recent_login_is_enough(app: Flask, ann: UserData, client: SiteClient) -> None:
    let_minutes_pass(app, 14)

    assert client.open(SETUP).path == SETUP


def test_form_of_an_old_login_changes_nothing(
    app: Flask, ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    phone.add_to(app, ann)

    assert client.post(REMOVAL).path == f"{PAGE}?next={REMOVAL}"
    assert client.post("/auth/two-factor/recovery-codes").path == PAGE

    assert count_rows(app, Authenticator) == 1


def test_code_is_required_with_two_factor_authentication(
    app: Flask, ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    phone.add_to(app, ann)
    page = client.open(REMOVAL)

    page = client.send(page, {"password": PASSWORD, "code": phone.code()})
    assert "Wrong or already used code" in page.text

    page = client.send(page, {"password": PASSWORD, "code": phone.next_code()})
    assert page.path == REMOVAL


def test_changing_the_password_is_no_recent_login(
    app: Flask, ann: UserData, client: SiteClient
) -> None:
    """Otherwise someone with the password but no code could remove the second factor."""
    change_password(client, ann)

    assert client.open(SETUP).path == f"{PAGE}?next={SETUP}"


def test_passkey_is_a_recent_login(app: Flask, ann: UserData, client: SiteClient) -> None:
    device = PasskeyDevice()
    let_minutes_pass(app, 0)
    device.add_to(client)
    let_minutes_pass(app, 16)
    page = client.open(SETUP)

    page = client.send(page, {"credential": device.get(options_of(page))}, LOGIN)

    assert page.path == SETUP
    client.client.delete_cookie("session")
    assert is_logged_in(client)


def test_anonymous_users_have_to_log_in(client: SiteClient) -> None:
    for path in (PAGE, SETUP, REMOVAL):
        assert client.open(path).path.startswith("/auth/login?next=")


def test_next_cannot_lead_to_another_site(app: Flask, ann: UserData, client: SiteClient) -> None:
    page = client.open(f"{PAGE}?next=https://evil.example/")

    assert client.send(page, {"password": PASSWORD}).path == "/auth/two-factor"


def test_codes_are_limited(
    app: Flask,
    ann: UserData,
    client: SiteClient,
    phone: AuthenticatorApp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_CODE", "1 per hour")
    phone.add_to(app, ann)
    client.submit(PAGE, {"password": PASSWORD, "code": "000000"})

    assert client.submit(PAGE, {"password": PASSWORD, "code": "000000"}).status == 429
    other = SiteClient(app)
    page = other.send(try_to_log_in(other, ann.email), {"code": "000000"})
    assert page.status == 429
