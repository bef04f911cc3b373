"""Changing the email address of an account."""

import pytest
from flask import Flask

from tests.auth.actions import NEW, follow_email, is_logged_in, open_link, try_to_log_in
from tests.support.factories import PASSWORD, Factory, UserData
from tests.support.http_client import Page, SiteClient
from tests.support.mailbox import Mailbox
from tests.support.rows import token_for, user_column


def request_change(client: SiteClient, email: str = NEW, password: str = PASSWORD) -> Page:
    return client.submit("/auth/change-email", {"email": email, "password": password})


def test_confirmed_address_replaces_the_old_one(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user()
    client.log_in(ann)

    assert "sent an email to the new address" in request_change(client).text
    assert user_column(app, ann, "email") == ann.email
    page = follow_email(client, mailbox, NEW)

    assert "Your email address has been updated" in page.text
    assert user_column(app, ann, "email") == NEW
    assert try_to_log_in(SiteClient(app), ann.email).path == "/auth/login"
    assert try_to_log_in(SiteClient(app), NEW).path == "/"


def test_opening_the_link_changes_nothing(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user()
    request_change(client.log_in(ann))

    assert client.open(mailbox.last(NEW).link).status == 200

    assert user_column(app, ann, "email") == ann.email


def test_change_needs_the_password(make: Factory, client: SiteClient, mailbox: Mailbox) -> None:
    page = request_change(client.log_in(make.user()), password="wrong")

    assert "Incorrect password" in page.text
    assert mailbox.received == []


def test_change_ends_other_sessions_and_invalidates_links(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann, other_client = make.user(), SiteClient(app)
    other_client.log_in(ann)
    reset = f"/auth/reset/{token_for(app, ann, 'reset')}"
    request_change(client.log_in(ann))

    follow_email(client, mailbox, NEW)

    assert is_logged_in(client)
    assert not is_logged_in(other_client)
    assert client.open(reset).status == 400


def test_link_can_be_used_once(make: Factory, client: SiteClient, mailbox: Mailbox) -> None:
    request_change(client.log_in(make.user()))
    follow_email(client, mailbox, NEW)

    assert client.open(mailbox.last(NEW).link).status == 400
    assert client.post(mailbox.last(NEW).link).status == 400


def test_address_that_was_taken_in_the_meantime_is_refused(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user()
    request_change(client.log_in(ann))
    make.user("bob", email=NEW)

    page = open_link(client, mailbox.last(NEW).link)

    assert page.status == 400
    assert user_column(app, ann, "email") == ann.email
    assert is_logged_in(client)


def test_owner_of_a_taken_address_is_notified(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann, bob = make.user("ann"), make.user("bob")

    page = request_change(client.log_in(ann), email=bob.email)

    assert "sent an email to the new address" in page.text
    assert "You already have an account" in mailbox.last(bob.email).subject
    assert "/auth/change-email/" not in mailbox.last(bob.email).text
    assert user_column(app, ann, "email") == ann.email


@pytest.mark.parametrize(
    ("purpose", "seconds"), [("change_email", -1), ("confirm", 3600), ("reset", 3600)]
)
def test_expired_token_or_token_for_another_purpose_changes_nothing(
    app: Flask, make: Factory, client: SiteClient, purpose: str, seconds: int
) -> None:
    ann = make.user()
    client.log_in(ann)
    link = f"/auth/change-email/{token_for(app, ann, purpose, seconds)}"

    assert client.open(link).status == 400
    assert client.post(link).status == 400
    assert user_column(app, ann, "email") == ann.email


@pytest.mark.parametrize("username", ["bob", None])
def test_link_works_for_its_owner_only(
    app: Flask, make: Factory, client: SiteClient, username: str | None
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    link = f"/auth/change-email/{token_for(app, ann, 'change_email')}"
    if username:
        client.log_in(bob)

    page = client.post(link)

    assert page.status == 400 if username else page.path.startswith("/auth/login")
    assert email_addresses(app, ann, bob) == [ann.email, bob.email]


def email_addresses(app: Flask, *users: UserData) -> list[str]:
    return [user_column(app, user, "email") for user in users]


def test_invalid_address_is_refused(make: Factory, client: SiteClient, mailbox: Mailbox) -> None:
    page = request_change(client.log_in(make.user()), email="nonsense")

    assert "Enter a valid email address" in page.text
    assert mailbox.received == []
