"""Registrations that are renewed or overtaken before they are confirmed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.extensions import db
from app.models import Registration, User, username_is_available, utcnow
from tests.auth.actions import (
    NEW,
    NEW_PASSWORD,
    follow_email,
    is_logged_in,
    register,
    try_to_log_in,
)
from tests.support.factories import Factory
from tests.support.http_client import Page, SiteClient
from tests.support.interleaving import while_hashing
from tests.support.mailbox import Mailbox
from tests.support.rows import count_rows, user_row


def resend(client: SiteClient) -> Page:
    return client.submit("/auth/unconfirmed", {"email": NEW}, "/auth/confirm")


def test_registration_during_a_confirmation_does_not_take_over_the_account(
    app: Flask, client: SiteClient, mailbox: Mailbox
) -> None:
    register(client)
    mallory = SiteClient(app)
    form = mallory.open("/auth/register")
    fields = {"email": NEW, "username": "mallory", "password": NEW_PASSWORD}

    with while_hashing(lambda: follow_email(client, mailbox, NEW)):
        page = mallory.send(form, {**fields, "password2": NEW_PASSWORD})

    assert page.path == "/auth/unconfirmed"
    assert "already have an account" in mailbox.last(NEW).subject
    assert is_logged_in(client)
    assert try_to_log_in(mallory, NEW, NEW_PASSWORD).path == "/auth/login"
    assert user_row(app, "mallory") is None


@pytest.mark.parametrize("renew", [register, resend], ids=["register", "resend"])
def test_renewed_registration_keeps_its_name_and_expires_later(
    app: Flask, client: SiteClient, renew: Callable[[SiteClient], Page]
) -> None:
    register(client)
    with app.app_context():
        db.session.get_one(Registration, NEW).expires_at = utcnow() + timedelta(minutes=1)
        db.session.commit()

    renew(client)

    with app.app_context():
        expires_at = db.session.get_one(Registration, NEW).expires_at
        assert expires_at > utcnow() + timedelta(hours=23)
        assert not username_is_available("newcomer", "other@example.com")


@pytest.mark.parametrize("taken", ["email", "username"])
def test_registration_whose_name_or_address_was_taken_is_not_confirmed(
    app: Flask, make: Factory, client: SiteClient, mailbox: Mailbox, taken: str
) -> None:
    """`flask users create` and administrators take both without looking at registrations."""
    register(client)
    make.user(**{"username": "ann", taken: NEW if taken == "email" else "NewComer"})

    assert follow_email(client, mailbox, NEW).status == 400

    assert count_rows(app, User) == 1
    assert not is_logged_in(client)
