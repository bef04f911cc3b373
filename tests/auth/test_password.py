"""Changing a password, and setting another by the link in a letter."""

import pytest
from flask import Flask

from tests.factories import PASSWORD, Factory
from tests.mailbox import Mailbox
from tests.reader import Reader
from tests.rows import token_for, value

from .actions import (
    NEW_PASSWORD,
    change_password,
    is_logged_in,
    set_password,
    try_to_log_in,
)


def test_changing_the_password_ends_every_other_session(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann, elsewhere = make.user(), Reader(app)
    reader.log_in(ann)
    elsewhere.log_in(ann)

    page = change_password(reader, ann)

    assert "Your password has been changed" in page.text
    assert is_logged_in(reader)
    assert not is_logged_in(elsewhere)


def test_changed_password_replaces_the_old_one(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user()

    change_password(reader.log_in(ann), ann)

    assert try_to_log_in(Reader(app), ann.email).path == "/auth/login"
    assert try_to_log_in(Reader(app), ann.email, NEW_PASSWORD).path == "/"


def test_owner_is_told_of_a_changed_password(
    make: Factory, reader: Reader, letters: Mailbox
) -> None:
    ann = make.user()

    change_password(reader.log_in(ann), ann)

    assert "Your password was changed" in letters.last(ann.email).subject
    assert NEW_PASSWORD not in letters.last(ann.email).text


def test_password_is_not_changed_without_the_old_one(
    app: Flask, make: Factory, reader: Reader, letters: Mailbox
) -> None:
    ann = make.user()
    before = value(app, ann, "password_hash")
    fields = {"old_password": "wrong", "password": NEW_PASSWORD, "password2": NEW_PASSWORD}

    page = reader.log_in(ann).submit("/auth/change-password", fields)

    assert "This is not your password" in page.text
    assert value(app, ann, "password_hash") == before
    assert letters.received == []


def test_link_in_a_letter_sets_the_password(
    make: Factory, reader: Reader, letters: Mailbox
) -> None:
    ann = make.user()
    page = reader.submit("/auth/reset", {"email": ann.email})
    assert page.path == "/auth/login"

    page = set_password(reader, letters.last(ann.email).link)

    assert "Your password has been set" in page.text
    assert try_to_log_in(reader, ann.email).path == "/auth/login"
    assert try_to_log_in(reader, ann.email, NEW_PASSWORD).path == "/"
    assert "Your password was changed" in letters.last(ann.email).subject


def test_opening_the_link_sets_nothing(
    app: Flask, make: Factory, reader: Reader, letters: Mailbox
) -> None:
    ann = make.user()
    reader.submit("/auth/reset", {"email": ann.email})
    before = value(app, ann, "password_hash")

    assert reader.open(letters.last(ann.email).link).status == 200

    assert value(app, ann, "password_hash") == before
    assert set_password(reader, letters.last(ann.email).link).path == "/auth/login"


def test_reset_link_works_once(
    app: Flask, make: Factory, reader: Reader, letters: Mailbox
) -> None:
    ann = make.user()
    reader.submit("/auth/reset", {"email": ann.email})
    link = letters.last(ann.email).link
    set_password(reader, link)

    assert reader.open(link).status == 400
    again = reader.post(link, password=PASSWORD, password2=PASSWORD)

    assert again.status == 400
    assert "/auth/reset" in again.links
    assert try_to_log_in(Reader(app), ann.email, NEW_PASSWORD).path == "/"


def test_one_reset_voids_every_other_link(make: Factory, reader: Reader, letters: Mailbox) -> None:
    ann = make.user()
    for _ in range(2):
        reader.submit("/auth/reset", {"email": ann.email})
    first, second = (letter.link for letter in letters.to(ann.email))

    set_password(reader, second)

    assert reader.open(first).status == 400


def test_setting_the_password_ends_every_session(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann, thief = make.user(), Reader(app)
    thief.log_in(ann, remember_me="y")

    set_password(reader, f"/auth/reset/{token_for(app, ann, 'reset')}")

    assert not is_logged_in(thief)
    assert not is_logged_in(reader)


def test_changing_the_password_voids_a_reset_link(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann = make.user()
    link = f"/auth/reset/{token_for(app, ann, 'reset')}"

    change_password(reader.log_in(ann), ann)

    assert reader.open(link).status == 400


@pytest.mark.parametrize(
    ("purpose", "seconds"), [("reset", -1), ("confirm", 3600), ("change_email", 3600)]
)
def test_link_that_is_too_old_or_for_something_else_sets_nothing(
    app: Flask, make: Factory, reader: Reader, purpose: str, seconds: int
) -> None:
    ann = make.user()
    link = f"/auth/reset/{token_for(app, ann, purpose, seconds)}"

    assert reader.open(link).status == 400
    assert reader.post(link, password=NEW_PASSWORD, password2=NEW_PASSWORD).status == 400
    assert try_to_log_in(reader, ann.email).path == "/"


def test_reset_confirms_the_address_and_tells_the_administrator(
    app: Flask, make: Factory, reader: Reader, letters: Mailbox
) -> None:
    ann = make.user(confirmed=False)

    set_password(reader, f"/auth/reset/{token_for(app, ann, 'reset')}")

    assert try_to_log_in(reader, ann.email, NEW_PASSWORD).path == "/"
    assert "ann" in letters.last("admin@example.com").subject


def test_link_of_a_deleted_account_is_refused(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user()
    link = f"/auth/reset/{token_for(app, ann, 'reset')}"
    reader.log_in(ann).submit("/auth/delete-account", {"password": ann.password})

    assert reader.open(link).status == 400


def test_key_that_was_replaced_still_reads_links(
    app: Flask, make: Factory, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = f"/auth/reset/{token_for(app, make.user(), 'reset')}"
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [app.config["SECRET_KEY"]])
    monkeypatch.setitem(app.config, "SECRET_KEY", "a new key, as long as the old one was")

    assert reader.open(link).status == 200
