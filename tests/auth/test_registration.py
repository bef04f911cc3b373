"""Registration, and confirmation of the email address."""

import pytest
from flask import Flask

from app.models import User
from tests.auth.actions import (
    NEW,
    NEW_PASSWORD,
    follow_email,
    is_logged_in,
    register,
    try_to_log_in,
)
from tests.support.factories import Factory
from tests.support.http_client import SiteClient
from tests.support.mailbox import Mailbox
from tests.support.rows import count_rows, token_for, user_row


def test_registration_sends_a_confirmation_link(client: SiteClient, mailbox: Mailbox) -> None:
    assert register(client).path == "/auth/unconfirmed"

    page = follow_email(client, mailbox, NEW)

    assert page.path == "/"
    assert "Your email is confirmed" in page.text
    assert is_logged_in(client)


def test_confirmed_account_can_log_in(app: Flask, client: SiteClient, mailbox: Mailbox) -> None:
    register(client)
    follow_email(client, mailbox, NEW)
    other_client = SiteClient(app)

    assert try_to_log_in(other_client, NEW.upper()).path == "/"
    assert is_logged_in(other_client)


def test_confirmation_needs_the_password(client: SiteClient, mailbox: Mailbox) -> None:
    register(client)

    page = follow_email(client, mailbox, NEW, "another password")

    assert "Enter the one you chose when you signed up" in page.text
    assert not is_logged_in(client)
    assert try_to_log_in(client, NEW).path == "/auth/login"


def test_page_after_registration_shows_the_address(client: SiteClient) -> None:
    page = register(client)

    assert NEW in page.text
    assert page.form_with({"email"}, "/auth/confirm").fields["email"] == NEW


def test_opening_the_link_confirms_nothing(
    app: Flask, client: SiteClient, mailbox: Mailbox
) -> None:
    register(client)

    SiteClient(app).open(mailbox.last(NEW).link)

    assert try_to_log_in(client, NEW).path == "/auth/login"


def test_confirmation_link_can_be_used_once(client: SiteClient, mailbox: Mailbox) -> None:
    register(client)
    follow_email(client, mailbox, NEW)

    assert client.open(mailbox.last(NEW).link).status == 400
    assert client.post(mailbox.last(NEW).link).status == 400


def test_confirmation_link_works_in_another_browser(
    app: Flask, client: SiteClient, mailbox: Mailbox
) -> None:
    register(client)

    follow_email(SiteClient(app), mailbox, NEW)

    assert try_to_log_in(client, NEW).path == "/"


def test_unconfirmed_account_cannot_log_in(client: SiteClient) -> None:
    register(client)

    page = try_to_log_in(client, NEW)

    assert page.path == "/auth/login"
    assert "email not confirmed" in page.text
    assert not is_logged_in(client)


def test_second_registration_replaces_an_unconfirmed_one(
    app: Flask, client: SiteClient, mailbox: Mailbox
) -> None:
    register(client, username="first")
    first = mailbox.last(NEW).link

    register(client, username="second", password=NEW_PASSWORD)

    assert count_rows(app, User) == 0
    assert client.open(first).status == 400
    follow_email(client, mailbox, NEW, NEW_PASSWORD)
    assert try_to_log_in(client, NEW).path == "/auth/login"
    assert try_to_log_in(client, NEW, NEW_PASSWORD).path == "/"
    assert user_row(app, "first") is None
    assert user_row(app, "second") is not None


def test_second_registration_can_use_the_same_username(
    app: Flask, client: SiteClient, mailbox: Mailbox
) -> None:
    register(client)

    assert register(client, password=NEW_PASSWORD).path == "/auth/unconfirmed"

    follow_email(client, mailbox, NEW, NEW_PASSWORD)
    assert try_to_log_in(client, NEW, NEW_PASSWORD).path == "/"


def test_confirmation_email_can_be_resent(client: SiteClient, mailbox: Mailbox) -> None:
    page = register(client)

    page = client.send(page, {"email": NEW}, "/auth/confirm")

    assert "We sent another email" in page.text
    assert len(mailbox.to(NEW)) == 2
    follow_email(client, mailbox, NEW)
    assert try_to_log_in(client, NEW).path == "/"


def test_resending_to_an_invalid_address_is_refused(client: SiteClient, mailbox: Mailbox) -> None:
    page = client.submit("/auth/unconfirmed", {"email": "nonsense"}, "/auth/confirm")

    assert "Enter a valid email address" in page.text
    assert mailbox.received == []


def test_confirmed_user_is_redirected_from_the_unconfirmed_page(
    make: Factory, client: SiteClient
) -> None:
    client.log_in(make.user())

    assert client.open("/auth/unconfirmed").path == "/"


def test_unconfirmed_account_can_confirm_again(
    make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user(confirmed=False)
    client.submit("/auth/unconfirmed", {"email": ann.email}, "/auth/confirm")

    follow_email(client, mailbox, ann.email)

    assert try_to_log_in(client, ann.email).path == "/"


@pytest.mark.parametrize("seconds", [-1, -3600])
def test_expired_link_confirms_nothing(
    app: Flask, make: Factory, client: SiteClient, seconds: int
) -> None:
    ann = make.user(confirmed=False)
    link = f"/auth/confirm/{token_for(app, ann, 'confirm', seconds)}"

    assert client.open(link).status == 400
    assert client.post(link).status == 400
    assert try_to_log_in(client, ann.email).path == "/auth/login"


def test_used_link_offers_what_helps(app: Flask, client: SiteClient, mailbox: Mailbox) -> None:
    register(client)
    follow_email(client, mailbox, NEW)
    link = mailbox.last(NEW).link

    own, again = client.open(link), client.post(link)
    other = SiteClient(app).open(link)

    assert {own.status, again.status, other.status} == {400}
    assert "You are logged in as newcomer and your email is confirmed." in own.text
    assert "Resend email" not in own.text + again.text
    assert "/auth/login" in other.links


@pytest.mark.parametrize("token", ["x", "a.b", "é", "a" * 3000, "%00", "W10.x"])
@pytest.mark.parametrize("page", ["confirm", "reset", "change-email"])
def test_malformed_token_is_invalid(
    make: Factory, client: SiteClient, page: str, token: str
) -> None:
    client.log_in(make.user())

    assert client.open(f"/auth/{page}/{token}").status == 400


@pytest.mark.parametrize("purpose", ["reset", "change_email"])
def test_token_for_another_purpose_confirms_nothing(
    app: Flask, make: Factory, client: SiteClient, purpose: str
) -> None:
    ann = make.user(confirmed=False)
    link = f"/auth/confirm/{token_for(app, ann, purpose)}"

    assert client.open(link).status == 400
    assert client.post(link).status == 400


def test_flasky_admin_becomes_administrator(
    app: Flask, client: SiteClient, mailbox: Mailbox
) -> None:
    register(client, email="ADMIN@example.com", username="boss")

    follow_email(client, mailbox, "admin@example.com")
    page = try_to_log_in(client, "admin@example.com")

    assert page.path == "/"
    boss = user_row(app, "boss")
    assert boss is not None
    assert client.open(f"/edit-profile/{boss['id']}").status == 200


@pytest.mark.parametrize("name", ["Newcomer", "NEWCOMER"])
def test_taken_username_is_refused_in_any_case(
    make: Factory, client: SiteClient, name: str
) -> None:
    make.user("newcomer")

    page = register(client, username=name)

    assert page.path == "/auth/register"
    assert "This username is taken" in page.text


@pytest.mark.parametrize(
    "name", ["", "1ann", "_ann", "an n", "ann!", "änn", "安", "a" * 65, "ann/..", "ann\n.x"]
)
def test_invalid_username_is_refused(app: Flask, client: SiteClient, name: str) -> None:
    assert register(client, username=name).path == "/auth/register"
    assert count_rows(app, User) == 0


@pytest.mark.parametrize(
    "address",
    ["", "ann", "@example.com", "a b@example.com", "a@b\n.c", f"{'a' * 250}@example.com"],
)
def test_invalid_email_is_refused(app: Flask, client: SiteClient, address: str) -> None:
    assert register(client, email=address).path == "/auth/register"
    assert count_rows(app, User) == 0
