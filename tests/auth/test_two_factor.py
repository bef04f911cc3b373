"""Switching two-factor authentication on and off, and recovery codes."""

import re
from threading import Thread

import pytest
from flask import Flask

from app.extensions import db
from app.models import Authenticator, LoginSession, RecoveryCode, User
from tests.auth.actions import is_logged_in
from tests.support.authenticator_app import RECOVERY_CODE, SETUP, AuthenticatorApp
from tests.support.concurrency import prepared_submission, wait_for_lock
from tests.support.factories import Factory, UserData
from tests.support.http_client import Page, SiteClient
from tests.support.mailbox import Mailbox
from tests.support.rows import count_rows

PAGE = "/auth/two-factor"
CODES, REMOVAL = f"{PAGE}/recovery-codes", f"{PAGE}/removal"


@pytest.fixture
def ann(make: Factory, client: SiteClient) -> UserData:
    ann = make.user("ann")
    client.log_in(ann)
    return ann


def test_first_code_switches_it_on(
    app: Flask, ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    assert "Off." in client.open(PAGE).text

    page = phone.set_up(client)

    assert len(set(RECOVERY_CODE.findall(page.text))) == RecoveryCode.NUMBER
    assert page.response.cache_control.no_store
    assert "10 recovery codes are left" in client.open(PAGE).text
    assert client.open(SETUP).path == PAGE
    assert count_rows(app, Authenticator) == 1


def test_setup_page_shows_the_key_as_a_picture_and_is_not_stored(
    ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    page = client.open(SETUP)

    assert page.response.cache_control.no_store
    assert re.search(r'<svg[^>]* class="qr-code"', page.html)
    assert " style=" not in page.html
    phone.scan(page)
    hidden = page.form_with({"secret"}).fields["secret"]
    assert phone.secret not in hidden


def test_wrong_code_does_not_switch_it_on(
    app: Flask, ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    page = client.open(SETUP)
    phone.scan(page)

    page = client.send(page, {"code": "000000"})

    assert "Wrong code" in page.text
    assert phone.secret in page.text.replace(" ", "")
    assert count_rows(app, Authenticator) == 0
    client.send(page, {"code": phone.next_code()})
    assert count_rows(app, Authenticator) == 1


@pytest.mark.parametrize("secret", ["of another user", "forged", ""])
def test_secret_that_the_page_did_not_show_is_refused(
    app: Flask,
    make: Factory,
    ann: UserData,
    client: SiteClient,
    phone: AuthenticatorApp,
    secret: str,
) -> None:
    if secret == "of another user":
        page = SiteClient(app).log_in(make.user("eve")).open(SETUP)
        phone.scan(page)
        secret = page.form_with({"secret"}).fields["secret"]

    page = client.submit(SETUP, {"secret": secret, "code": phone.next_code()})

    assert "This page has expired. Scan the new QR code." in page.text
    assert phone.secret not in page.text.replace(" ", "")
    assert count_rows(app, Authenticator) == 0


def test_other_sessions_end_when_it_is_switched_on_or_off(
    app: Flask, ann: UserData, client: SiteClient, phone: AuthenticatorApp, mailbox: Mailbox
) -> None:
    other = SiteClient(app).log_in(ann)
    phone.set_up(client)
    assert is_logged_in(client)
    assert not is_logged_in(other)

    other = SiteClient(app)
    page = other.submit("/auth/login", {"email": ann.email, "password": ann.password})
    other.send(page, {"code": phone.next_code()})
    assert is_logged_in(other)

    page = client.submit(REMOVAL, action=REMOVAL)

    assert "Two-factor authentication is off." in page.text
    assert is_logged_in(client)
    assert not is_logged_in(other)
    counts = [count_rows(app, model) for model in (Authenticator, RecoveryCode, LoginSession)]
    assert counts == [0, 0, 1]
    SiteClient(app).log_in(ann)
    subjects = [one.subject for one in mailbox.to(ann.email)]
    assert subjects == ["[Flasky] Two-factor authentication was turned off"]


@pytest.mark.both_databases
def test_login_at_the_same_moment_needs_a_code(
    app: Flask, make: Factory, phone: AuthenticatorApp
) -> None:
    """It waits until the authenticator has been added, and other sessions have ended."""
    ann, client = make.user("ann"), SiteClient(app)
    fields = {"email": ann.email, "password": ann.password}
    pages: list[Page] = []
    log_in = prepared_submission(client, "/auth/login", fields)
    thread = Thread(target=lambda: pages.append(log_in()))
    with app.app_context():
        user = db.session.get_one(User, ann.id)
        assert Authenticator.add(user, phone.secret, phone.code())
        LoginSession.revoke(user)
        thread.start()
        wait_for_lock(app, thread)
        db.session.commit()
    thread.join()

    assert [page.path for page in pages] == ["/auth/login/code"]
    assert count_rows(app, LoginSession) == 0


def test_new_recovery_codes_replace_the_old_ones(
    app: Flask, ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    old = RECOVERY_CODE.findall(phone.set_up(client).text)

    new = RECOVERY_CODE.findall(client.submit(PAGE, action=CODES).text)

    assert len(new) == RecoveryCode.NUMBER
    assert set(old).isdisjoint(new)
    assert count_rows(app, RecoveryCode) == RecoveryCode.NUMBER


def test_user_without_it_gets_no_recovery_codes(
    app: Flask, ann: UserData, client: SiteClient
) -> None:
    assert client.post(CODES).path == PAGE
    assert count_rows(app, RecoveryCode) == 0
