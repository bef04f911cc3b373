"""The second step of a login."""

from datetime import timedelta

import pytest
from flask import Flask

from app.auth import session as auth_session
from app.extensions import db
from app.models import LoginSession, User
from tests.auth.actions import (
    NEW_PASSWORD,
    change_password,
    is_logged_in,
    open_link,
    set_password,
    try_to_log_in,
)
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.concurrency import prepared_submission, run_concurrently
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.rows import token_for, user_column

STEP = "/auth/login/code"


@pytest.fixture
def ann(app: Flask, make: Factory, phone: AuthenticatorApp) -> UserData:
    """A user with two-factor authentication."""
    ann = make.user("ann")
    phone.recovery_codes = phone.add_to(app, ann)
    return ann


def test_password_alone_does_not_log_in(ann: UserData, client: SiteClient) -> None:
    page = try_to_log_in(client, ann.email)

    assert page.path == STEP
    assert not is_logged_in(client)
    assert client.client.get_cookie("remember_token") is None


def test_code_completes_the_login(
    app: Flask, ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    page = try_to_log_in(client, ann.email)

    page = client.send(page, {"code": phone.next_code()})

    assert page.path == "/"
    assert is_logged_in(client)
    with app.app_context():
        assert db.session.scalars(db.select(LoginSession.second_factor)).all() == [True]
    with client.client.session_transaction() as session:
        assert auth_session.PENDING not in session


def test_next_and_remember_me_survive(
    ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    page = client.open("/edit-profile?x=1")
    fields = {"email": ann.email, "password": ann.password, "remember_me": "y"}
    page = client.send(page, fields)
    page = client.send(page, {"code": "000000"})
    assert "Wrong or already used code" in page.text

    page = client.send(page, {"code": phone.next_code()})

    assert page.path == "/edit-profile?x=1"
    client.client.delete_cookie("session")
    assert is_logged_in(client)


def test_next_cannot_lead_to_another_site(
    ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    page = client.open("/auth/login?next=//evil.example/")
    page = client.send(page, {"email": ann.email, "password": ann.password})
    assert page.path == STEP

    assert client.send(page, {"code": phone.next_code()}).path == "/"


def test_recovery_code_completes_one_login(
    app: Flask, ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    [code, *_] = phone.recovery_codes

    page = client.send(try_to_log_in(client, ann.email), {"code": code})

    assert "You used a recovery code. 9 are left." in page.text
    other = SiteClient(app)
    page = other.send(try_to_log_in(other, ann.email), {"code": code})
    assert "Wrong or already used code" in page.text


def test_code_completes_one_of_concurrent_logins(
    app: Flask, ann: UserData, phone: AuthenticatorApp
) -> None:
    code, clients = phone.next_code(), [SiteClient(app) for _ in range(4)]
    for client in clients:
        try_to_log_in(client, ann.email)

    pages = run_concurrently(
        *[prepared_submission(client, STEP, {"code": code}) for client in clients]
    )

    assert sorted(page.path for page in pages) == ["/", STEP, STEP, STEP]
    assert sum(is_logged_in(client) for client in clients) == 1


def test_step_without_a_right_password_leads_to_the_login_page(
    ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    page = client.open(STEP)
    assert page.path == "/auth/login"
    assert "Your login has expired. Log in again." in page.text

    assert client.post(STEP, code=phone.next_code()).path == "/auth/login"
    assert not is_logged_in(client)


@pytest.mark.parametrize("event", ["time", "reset", "change", "unconfirmed"])
def test_unfinished_login_ends(
    app: Flask,
    ann: UserData,
    client: SiteClient,
    phone: AuthenticatorApp,
    monkeypatch: pytest.MonkeyPatch,
    event: str,
) -> None:
    if event == "time":
        monkeypatch.setattr(auth_session, "PENDING_LIFETIME", timedelta(0))
    page = try_to_log_in(client, ann.email)
    if event == "reset":
        set_password(SiteClient(app), f"/auth/reset/{token_for(app, ann, 'reset')}")
    elif event == "change":
        other = SiteClient(app)
        other.send(try_to_log_in(other, ann.email), {"code": phone.next_code()})
        change_password(other, ann)
    elif event == "unconfirmed":
        with app.app_context():
            db.session.get_one(User, ann.id).confirmed = False
            db.session.commit()

    page = client.post(STEP, code=phone.next_code())

    assert page.path == "/auth/login"
    assert not is_logged_in(client)


def test_password_reset_does_not_switch_it_off(
    app: Flask, ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    set_password(client, f"/auth/reset/{token_for(app, ann, 'reset')}")

    page = try_to_log_in(client, ann.email, NEW_PASSWORD)

    assert page.path == STEP
    assert client.send(page, {"code": phone.next_code()}).path == "/"


def test_confirming_the_email_address_needs_the_code(
    app: Flask, ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    with app.app_context():
        db.session.get_one(User, ann.id).confirmed = False
        db.session.commit()

    page = open_link(client, f"/auth/confirm/{token_for(app, ann, 'confirm')}")

    assert user_column(app, ann, "confirmed")
    assert (page.path, "Your email is confirmed." in page.text) == (STEP, True)
    assert not is_logged_in(client)
    assert client.send(page, {"code": phone.next_code()}).path == "/"


def test_other_user_stays_logged_in_until_the_code_is_right(
    make: Factory, ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    client.log_in(make.user("bob"))

    page = try_to_log_in(client, ann.email)
    assert "bob" in client.open("/").text

    assert "ann" in client.send(page, {"code": phone.next_code()}).html


@pytest.mark.parametrize("kind", ["password", "email"])
def test_session_keeps_its_second_factor(
    app: Flask, ann: UserData, client: SiteClient, phone: AuthenticatorApp, kind: str
) -> None:
    client.send(try_to_log_in(client, ann.email), {"code": phone.next_code()})

    if kind == "password":
        change_password(client, ann)
    else:
        link = f"/auth/change-email/{token_for(app, ann, 'change_email')}"
        client.submit(link, action=link)

    with app.app_context():
        [row] = db.session.scalars(db.select(LoginSession))
        assert row.second_factor


def test_wrong_codes_are_limited_per_account(
    app: Flask, ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    client.send(try_to_log_in(client, ann.email), {"code": phone.next_code()})  # now known
    client.submit("/", action="/auth/logout")
    for number in range(10):
        other = SiteClient(app)
        other.client.environ_base["REMOTE_ADDR"] = f"192.0.2.{number}"
        page = other.send(try_to_log_in(other, ann.email), {"code": "000000"})
        assert page.status == 200
    other = SiteClient(app)
    other.client.environ_base["REMOTE_ADDR"] = "192.0.2.99"

    page = other.send(try_to_log_in(other, ann.email), {"code": phone.next_code()})

    assert page.status == 429
    assert int(page.response.headers["Retry-After"]) > 0
    assert not is_logged_in(other)
    page = client.send(try_to_log_in(client, ann.email), {"code": phone.next_code()})
    assert page.path == "/"


def test_right_code_resets_the_limit(
    app: Flask, ann: UserData, phone: AuthenticatorApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_CODE", "2 per hour")
    for _ in range(3):
        client = SiteClient(app)
        client.send(try_to_log_in(client, ann.email), {"code": "000000"})
        page = client.send(try_to_log_in(client, ann.email), {"code": phone.next_code()})
        assert page.path == "/"
