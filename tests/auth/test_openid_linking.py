"""Which accounts are linked to one at an OpenID Connect issuer, and which are not."""

import time

import pytest
from flask import Flask

from app.models import Identity, User
from tests.auth.actions import is_logged_in
from tests.auth.openid_actions import LINKED, link, log_in, log_out
from tests.auth.test_security_log import events
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.exports import download, files_of
from tests.support.factories import PASSWORD, Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.mailbox import Mailbox
from tests.support.openid_issuer import Issuer
from tests.support.rows import count_rows, token_for


def test_password_links_the_account_with_the_same_address(
    app: Flask, issuer: Issuer, ann: UserData, client: SiteClient, mailbox: Mailbox
) -> None:
    page = log_in(client)
    assert page.path == "/auth/openid/password"
    assert not is_logged_in(client)

    page = client.send(page, {"password": "wrong"})
    assert "Incorrect password." in page.text
    assert count_rows(app, Identity) == 0
    client.send(page, {"password": PASSWORD})

    assert is_logged_in(client)
    assert events(app, ann) == ["identity_added", "login"]
    assert mailbox.last(ann.email).subject == "[Flasky] An account was linked to yours"
    log_out(client)
    log_in(client)
    assert is_logged_in(client)


def test_new_user_chooses_a_username(
    app: Flask, issuer: Issuer, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    make.user("taken")
    page = log_in(client)
    assert page.path == "/auth/openid/register"
    fields = {"password": PASSWORD, "password2": PASSWORD}

    page = client.send(page, {**fields, "username": "Taken"})
    assert "This username is taken." in page.text
    client.send(page, {**fields, "username": "ann"})

    assert is_logged_in(client)
    with app.app_context():
        ann = User.find_by_username("ann")
        assert ann is not None
        assert (ann.email, ann.confirmed) == ("ann@example.com", True)
        assert ann.verify_password(PASSWORD)
    assert len(mailbox.to("admin@example.com")) == 1
    assert mailbox.to("ann@example.com") == []


def test_pages_after_the_login_need_one(issuer: Issuer, client: SiteClient) -> None:
    for path in ("/auth/openid/password", "/auth/openid/register"):
        page = client.open(path)
        assert page.path == "/auth/login"
        assert "Your login with Example has expired." in page.text


def test_login_has_to_be_completed_in_ten_minutes(
    app: Flask, issuer: Issuer, ann: UserData, client: SiteClient
) -> None:
    page = log_in(client)
    with client.client.session_transaction() as session:
        session["openid_claims"] = [*session["openid_claims"][:3], int(time.time()) - 1]

    page = client.send(page, {"password": PASSWORD})

    assert "has expired" in page.text
    assert not is_logged_in(client)


def test_second_factor_holds_when_the_password_links(
    app: Flask, issuer: Issuer, ann: UserData, client: SiteClient, phone: AuthenticatorApp
) -> None:
    phone.add_to(app, ann)

    page = client.send(log_in(client), {"password": PASSWORD})

    assert page.path == "/auth/login/code"
    assert not is_logged_in(client)


def test_user_who_is_logged_in_confirms_the_link(
    app: Flask, issuer: Issuer, make: Factory, client: SiteClient
) -> None:
    bob = make.user("bob")
    client.log_in(bob)

    page = log_in(client)
    assert page.path == "/auth/identity/link"
    assert "ann@example.com" in page.text
    assert count_rows(app, Identity) == 0
    page = client.send(page, {}, "/auth/identity/link")

    assert page.path == LINKED
    assert events(app, bob) == ["login", "identity_added"]


def test_linking_needs_a_recent_login_and_a_token(
    app: Flask, issuer: Issuer, ann: UserData, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.log_in(ann)
    log_in(client)

    assert client.client.post("/auth/identity/link").status_code == 400
    monkeypatch.setitem(app.config, "REAUTHENTICATION_MINUTES", 0)
    assert client.open("/auth/identity/link").path.startswith("/auth/reauthentication")
    assert count_rows(app, Identity) == 0


def test_account_at_the_issuer_belongs_to_one_user(
    app: Flask, linked: UserData, make: Factory, client: SiteClient
) -> None:
    client.log_in(make.user("bob"))

    page = client.send(log_in(client), {}, "/auth/identity/link")

    assert "Example is linked already" in page.text
    assert count_rows(app, Identity) == 1


def test_unlinked_account_does_not_log_in(
    app: Flask, linked: UserData, client: SiteClient, mailbox: Mailbox
) -> None:
    client.log_in(linked)
    page = client.open(LINKED)
    client.send(page, {}, "/auth/identity/removal")
    assert mailbox.last(linked.email).subject == "[Flasky] An account was unlinked from yours"
    log_out(client)

    page = log_in(client)

    assert page.path == "/auth/openid/password"
    assert events(app, linked)[-1] == "identity_removed"


def test_restored_address_unlinks_what_was_linked_since(
    app: Flask, issuer: Issuer, ann: UserData, client: SiteClient
) -> None:
    token = token_for(app, ann, "restore_email")
    link(SiteClient(app).log_in(ann))

    client.submit(f"/auth/restore-email/{token}", {}, f"/auth/restore-email/{token}")

    assert count_rows(app, Identity) == 0


def test_deleted_account_is_unlinked_at_once(
    app: Flask, linked: UserData, client: SiteClient
) -> None:
    client.log_in(linked).submit("/auth/delete-account", {"password": PASSWORD})

    assert count_rows(app, Identity) == 0
    assert log_in(client).path == "/auth/openid/register"


def test_export_contains_the_linked_account(
    app: Flask, linked: UserData, client: SiteClient
) -> None:
    [row] = files_of(download(client.log_in(linked)))["account.json"]["linked_accounts"]

    assert row["email"] == "ann@example.com"
