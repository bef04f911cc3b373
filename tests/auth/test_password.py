"""Changing and resetting a password."""

import pytest
from flask import Flask

from tests.auth.actions import (
    NEW_PASSWORD,
    change_password,
    is_logged_in,
    set_password,
    try_to_log_in,
)
from tests.support.factories import PASSWORD, Factory
from tests.support.http_client import SiteClient
from tests.support.mailbox import Mailbox
from tests.support.rows import token_for, user_column


def test_change_ends_all_other_sessions(app: Flask, make: Factory, client: SiteClient) -> None:
    ann, other_client = make.user(), SiteClient(app)
    client.log_in(ann)
    other_client.log_in(ann)

    page = change_password(client, ann)

    assert "Your password has been changed" in page.text
    assert is_logged_in(client)
    assert not is_logged_in(other_client)


def test_changed_password_replaces_the_old_one(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann = make.user()

    change_password(client.log_in(ann), ann)

    assert try_to_log_in(SiteClient(app), ann.email).path == "/auth/login"
    assert try_to_log_in(SiteClient(app), ann.email, NEW_PASSWORD).path == "/"


def test_user_is_notified_of_a_changed_password(
    make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user()

    change_password(client.log_in(ann), ann)

    assert "Your password was changed" in mailbox.last(ann.email).subject
    assert NEW_PASSWORD not in mailbox.last(ann.email).text


def test_change_needs_the_current_password(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user()
    before = user_column(app, ann, "password_hash")
    fields = {"old_password": "wrong", "password": NEW_PASSWORD, "password2": NEW_PASSWORD}

    page = client.log_in(ann).submit("/auth/change-password", fields)

    assert "Incorrect password" in page.text
    assert user_column(app, ann, "password_hash") == before
    assert mailbox.received == []


def test_reset_link_sets_the_password(make: Factory, client: SiteClient, mailbox: Mailbox) -> None:
    ann = make.user()
    page = client.submit("/auth/reset", {"email": ann.email})
    assert page.path == "/auth/login"

    page = set_password(client, mailbox.last(ann.email).link)

    assert "Your password has been updated" in page.text
    assert try_to_log_in(client, ann.email).path == "/auth/login"
    assert try_to_log_in(client, ann.email, NEW_PASSWORD).path == "/"
    assert "Your password was changed" in mailbox.last(ann.email).subject


def test_opening_the_link_changes_nothing(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user()
    client.submit("/auth/reset", {"email": ann.email})
    before = user_column(app, ann, "password_hash")

    assert client.open(mailbox.last(ann.email).link).status == 200

    assert user_column(app, ann, "password_hash") == before
    assert set_password(client, mailbox.last(ann.email).link).path == "/auth/login"


def test_reset_link_can_be_used_once(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user()
    client.submit("/auth/reset", {"email": ann.email})
    link = mailbox.last(ann.email).link
    set_password(client, link)

    assert client.open(link).status == 400
    page = client.post(link, password=PASSWORD, password2=PASSWORD)

    assert page.status == 400
    assert "/auth/reset" in page.links
    assert try_to_log_in(SiteClient(app), ann.email, NEW_PASSWORD).path == "/"


def test_reset_invalidates_other_links(
    make: Factory, client: SiteClient, mailbox: Mailbox
) -> None:
    ann = make.user()
    for _ in range(2):
        client.submit("/auth/reset", {"email": ann.email})
    first, second = (message.link for message in mailbox.to(ann.email))

    set_password(client, second)

    assert client.open(first).status == 400


def test_reset_ends_all_sessions(app: Flask, make: Factory, client: SiteClient) -> None:
    ann, other_client = make.user(), SiteClient(app)
    other_client.log_in(ann, remember_me="y")

    set_password(client, f"/auth/reset/{token_for(app, ann, 'reset')}")

    assert not is_logged_in(other_client)
    assert not is_logged_in(client)


def test_change_invalidates_reset_links(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user()
    link = f"/auth/reset/{token_for(app, ann, 'reset')}"

    change_password(client.log_in(ann), ann)

    assert client.open(link).status == 400


@pytest.mark.parametrize(
    ("purpose", "seconds"), [("reset", -1), ("confirm", 3600), ("change_email", 3600)]
)
def test_expired_token_or_token_for_another_purpose_changes_nothing(
    app: Flask, make: Factory, client: SiteClient, purpose: str, seconds: int
) -> None:
    ann = make.user()
    link = f"/auth/reset/{token_for(app, ann, purpose, seconds)}"

    assert client.open(link).status == 400
    assert client.post(link, password=NEW_PASSWORD, password2=NEW_PASSWORD).status == 400
    assert try_to_log_in(client, ann.email).path == "/"


def test_reset_confirms_the_account(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user(confirmed=False)

    set_password(client, f"/auth/reset/{token_for(app, ann, 'reset')}")

    assert try_to_log_in(client, ann.email, NEW_PASSWORD).path == "/"


def test_link_of_a_deleted_account_is_invalid(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann = make.user()
    link = f"/auth/reset/{token_for(app, ann, 'reset')}"
    client.log_in(ann).submit("/auth/delete-account", {"password": ann.password})

    assert client.open(link).status == 400


def test_fallback_key_still_validates_links(
    app: Flask, make: Factory, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = f"/auth/reset/{token_for(app, make.user(), 'reset')}"
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [app.config["SECRET_KEY"]])
    monkeypatch.setitem(app.config, "SECRET_KEY", "a new key, as long as the old one was")

    assert client.open(link).status == 200
