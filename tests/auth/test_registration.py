"""Registering, and confirming the address."""

import pytest
from flask import Flask

from app.models import User
from tests.factories import Factory
from tests.interleaving import while_hashing
from tests.mailbox import Mailbox
from tests.reader import Reader
from tests.rows import number_of, token_for, user_named

from .actions import (
    NEW,
    NEW_PASSWORD,
    follow_letter,
    is_logged_in,
    press_button,
    register,
    try_to_log_in,
)


def test_registration_sends_a_link_that_confirms(reader: Reader, letters: Mailbox) -> None:
    assert register(reader).path == "/auth/unconfirmed"

    page = follow_letter(reader, letters, NEW)

    assert page.path == "/"
    assert "Your address is confirmed" in page.text
    assert is_logged_in(reader)


def test_confirmed_account_can_log_in(app: Flask, reader: Reader, letters: Mailbox) -> None:
    register(reader)
    follow_letter(reader, letters, NEW)
    elsewhere = Reader(app)

    assert try_to_log_in(elsewhere, NEW.upper()).path == "/"
    assert is_logged_in(elsewhere)


def test_only_whoever_registered_can_confirm(reader: Reader, letters: Mailbox) -> None:
    register(reader)

    page = follow_letter(reader, letters, NEW, "what a stranger chose")

    assert "not the password that was chosen" in page.text
    assert not is_logged_in(reader)
    assert try_to_log_in(reader, NEW).path == "/auth/login"


def test_page_after_registration_names_the_address(reader: Reader) -> None:
    page = register(reader)

    assert NEW in page.text
    assert page.form_with({"email"}, "/auth/confirm").fields["email"] == NEW


def test_opening_the_link_confirms_nothing(app: Flask, reader: Reader, letters: Mailbox) -> None:
    register(reader)

    Reader(app).open(letters.last(NEW).link)

    assert try_to_log_in(reader, NEW).path == "/auth/login"


def test_confirmation_link_works_once(reader: Reader, letters: Mailbox) -> None:
    register(reader)
    follow_letter(reader, letters, NEW)

    assert reader.open(letters.last(NEW).link).status == 400
    assert reader.post(letters.last(NEW).link).status == 400


def test_confirmation_link_works_in_another_browser(
    app: Flask, reader: Reader, letters: Mailbox
) -> None:
    register(reader)

    follow_letter(Reader(app), letters, NEW)

    assert try_to_log_in(reader, NEW).path == "/"


def test_account_cannot_be_used_before_it_is_confirmed(reader: Reader) -> None:
    register(reader)

    page = try_to_log_in(reader, NEW)

    assert page.path == "/auth/login"
    assert "the address is not confirmed yet" in page.text
    assert not is_logged_in(reader)


def test_registering_again_replaces_the_first_attempt(
    app: Flask, reader: Reader, letters: Mailbox
) -> None:
    register(reader, username="first")
    first = letters.last(NEW).link

    register(reader, username="second", password=NEW_PASSWORD)

    assert number_of(app, User) == 1
    assert reader.open(first).status == 400
    follow_letter(reader, letters, NEW, NEW_PASSWORD)
    assert try_to_log_in(reader, NEW).path == "/auth/login"
    assert try_to_log_in(reader, NEW, NEW_PASSWORD).path == "/"
    assert user_named(app, "first") is None
    assert user_named(app, "second") is not None


def test_registering_again_may_ask_for_the_same_name(
    app: Flask, reader: Reader, letters: Mailbox
) -> None:
    register(reader)

    assert register(reader, password=NEW_PASSWORD).path == "/auth/unconfirmed"

    follow_letter(reader, letters, NEW, NEW_PASSWORD)
    assert try_to_log_in(reader, NEW, NEW_PASSWORD).path == "/"


def test_another_letter_can_be_asked_for(reader: Reader, letters: Mailbox) -> None:
    page = register(reader)

    page = reader.send(page, {"email": NEW}, "/auth/confirm")

    assert "A new letter is on its way" in page.text
    assert len(letters.to(NEW)) == 2
    follow_letter(reader, letters, NEW)
    assert try_to_log_in(reader, NEW).path == "/"


def test_bad_address_for_another_letter_is_explained(reader: Reader, letters: Mailbox) -> None:
    page = reader.submit("/auth/unconfirmed", {"email": "nonsense"}, "/auth/confirm")

    assert "Write an address such as" in page.text
    assert letters.received == []


def test_confirmed_reader_has_no_business_on_the_unconfirmed_page(
    make: Factory, reader: Reader
) -> None:
    reader.log_in(make.user())

    assert reader.open("/auth/unconfirmed").path == "/"


def test_account_put_back_to_unconfirmed_confirms_again(
    make: Factory, reader: Reader, letters: Mailbox
) -> None:
    ann = make.user(confirmed=False)
    reader.submit("/auth/unconfirmed", {"email": ann.email}, "/auth/confirm")

    follow_letter(reader, letters, ann.email)

    assert try_to_log_in(reader, ann.email).path == "/"


@pytest.mark.parametrize("seconds", [-1, -3600])
def test_expired_link_confirms_nothing(
    app: Flask, make: Factory, reader: Reader, seconds: int
) -> None:
    ann = make.user(confirmed=False)
    link = f"/auth/confirm/{token_for(app, ann, 'confirm', seconds)}"

    assert reader.open(link).status == 400
    assert reader.post(link).status == 400
    assert try_to_log_in(reader, ann.email).path == "/auth/login"


@pytest.mark.parametrize("token", ["x", "a.b", "é", "a" * 3000, "%00", "W10.x"])
@pytest.mark.parametrize("page", ["confirm", "reset", "change-email"])
def test_nonsense_is_no_link(make: Factory, reader: Reader, page: str, token: str) -> None:
    reader.log_in(make.user())

    assert reader.open(f"/auth/{page}/{token}").status == 400


@pytest.mark.parametrize("purpose", ["reset", "change_email"])
def test_link_for_another_purpose_confirms_nothing(
    app: Flask, make: Factory, reader: Reader, purpose: str
) -> None:
    ann = make.user(confirmed=False)
    link = f"/auth/confirm/{token_for(app, ann, purpose)}"

    assert reader.open(link).status == 400
    assert reader.post(link).status == 400


def test_administrators_address_makes_an_administrator(
    app: Flask, reader: Reader, letters: Mailbox
) -> None:
    register(reader, email="ADMIN@example.com", username="boss")

    follow_letter(reader, letters, "admin@example.com")
    press = try_to_log_in(reader, "admin@example.com")

    assert press.path == "/"
    boss = user_named(app, "boss")
    assert boss is not None
    assert reader.open(f"/edit-profile/{boss['id']}").status == 200


@pytest.mark.parametrize("name", ["Newcomer", "NEWCOMER"])
def test_taken_name_is_refused_in_any_case(make: Factory, reader: Reader, name: str) -> None:
    make.user("newcomer")

    page = register(reader, username=name)

    assert page.path == "/auth/register"
    assert "This name is taken" in page.text


@pytest.mark.parametrize(
    "name", ["", "1ann", "_ann", "an n", "ann!", "änn", "安", "a" * 65, "ann/..", "ann\n.x"]
)
def test_odd_name_is_refused(app: Flask, reader: Reader, name: str) -> None:
    assert register(reader, username=name).path == "/auth/register"
    assert number_of(app, User) == 0


@pytest.mark.parametrize(
    "address",
    ["", "ann", "@example.com", "a b@example.com", "a@b\n.c", f"{'a' * 250}@example.com"],
)
def test_odd_address_is_refused(app: Flask, reader: Reader, address: str) -> None:
    assert register(reader, email=address).path == "/auth/register"
    assert number_of(app, User) == 0


def test_pressing_the_button_twice_is_answered_kindly(
    app: Flask, reader: Reader, letters: Mailbox
) -> None:
    register(reader)
    link = letters.last(NEW).link
    press_button(reader, link)

    page = reader.post(link)

    assert page.status == 400
    assert "/auth/login" in page.links


def test_registering_again_while_the_owner_confirms_takes_nothing_over(
    app: Flask, reader: Reader, letters: Mailbox
) -> None:
    register(reader)
    mallory = Reader(app)
    form = mallory.open("/auth/register")
    fields = {"email": NEW, "username": "mallory", "password": NEW_PASSWORD}

    with while_hashing(lambda: follow_letter(reader, letters, NEW)):
        page = mallory.send(form, {**fields, "password2": NEW_PASSWORD})

    assert page.path == "/auth/unconfirmed"
    assert "already have an account" in letters.last(NEW).subject
    assert is_logged_in(reader)
    assert try_to_log_in(mallory, NEW, NEW_PASSWORD).path == "/auth/login"
    assert user_named(app, "mallory") is None
