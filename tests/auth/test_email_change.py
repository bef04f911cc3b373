"""Moving an account to another address."""

import pytest
from flask import Flask

from tests.factories import PASSWORD, Factory, Person
from tests.mailbox import Mailbox
from tests.reader import Page, Reader
from tests.rows import token_for, value

from .actions import NEW, follow_letter, is_logged_in, press_button, try_to_log_in


def ask(reader: Reader, email: str = NEW, password: str = PASSWORD) -> Page:
    return reader.submit("/auth/change-email", {"email": email, "password": password})


def test_new_address_takes_over_once_it_is_confirmed(
    app: Flask, make: Factory, reader: Reader, letters: Mailbox
) -> None:
    ann = make.user()
    reader.log_in(ann)

    assert "on its way to the new address" in ask(reader).text
    assert value(app, ann, "email") == ann.email
    page = follow_letter(reader, letters, NEW)

    assert "Your address has been changed" in page.text
    assert value(app, ann, "email") == NEW
    assert try_to_log_in(Reader(app), ann.email).path == "/auth/login"
    assert try_to_log_in(Reader(app), NEW).path == "/"


def test_opening_the_link_moves_nothing(
    app: Flask, make: Factory, reader: Reader, letters: Mailbox
) -> None:
    ann = make.user()
    ask(reader.log_in(ann))

    assert reader.open(letters.last(NEW).link).status == 200

    assert value(app, ann, "email") == ann.email


def test_address_is_not_changed_without_the_password(
    make: Factory, reader: Reader, letters: Mailbox
) -> None:
    page = ask(reader.log_in(make.user()), password="wrong")

    assert "This is not your password" in page.text
    assert letters.received == []


def test_new_address_ends_the_other_sessions_and_links(
    app: Flask, make: Factory, reader: Reader, letters: Mailbox
) -> None:
    ann, elsewhere = make.user(), Reader(app)
    elsewhere.log_in(ann)
    reset = f"/auth/reset/{token_for(app, ann, 'reset')}"
    ask(reader.log_in(ann))

    follow_letter(reader, letters, NEW)

    assert is_logged_in(reader)
    assert not is_logged_in(elsewhere)
    assert reader.open(reset).status == 400


def test_link_works_once(make: Factory, reader: Reader, letters: Mailbox) -> None:
    ask(reader.log_in(make.user()))
    follow_letter(reader, letters, NEW)

    assert reader.open(letters.last(NEW).link).status == 400
    assert reader.post(letters.last(NEW).link).status == 400


def test_address_that_was_taken_meanwhile_is_refused(
    app: Flask, make: Factory, reader: Reader, letters: Mailbox
) -> None:
    ann = make.user()
    ask(reader.log_in(ann))
    make.user("bob", email=NEW)

    page = press_button(reader, letters.last(NEW).link)

    assert page.status == 400
    assert value(app, ann, "email") == ann.email
    assert is_logged_in(reader)


def test_owner_of_an_address_is_told_that_somebody_wants_it(
    app: Flask, make: Factory, reader: Reader, letters: Mailbox
) -> None:
    ann, bob = make.user("ann"), make.user("bob")

    page = ask(reader.log_in(ann), email=bob.email)

    assert "on its way to the new address" in page.text
    assert "You already have an account" in letters.last(bob.email).subject
    assert "/auth/change-email/" not in letters.last(bob.email).text
    assert value(app, ann, "email") == ann.email


@pytest.mark.parametrize(
    ("purpose", "seconds"), [("change_email", -1), ("confirm", 3600), ("reset", 3600)]
)
def test_link_that_is_too_old_or_for_something_else_moves_nothing(
    app: Flask, make: Factory, reader: Reader, purpose: str, seconds: int
) -> None:
    ann = make.user()
    reader.log_in(ann)
    link = f"/auth/change-email/{token_for(app, ann, purpose, seconds)}"

    assert reader.open(link).status == 400
    assert reader.post(link).status == 400
    assert value(app, ann, "email") == ann.email


@pytest.mark.parametrize("username", ["bob", None])
def test_link_is_for_its_owner_alone(
    app: Flask, make: Factory, reader: Reader, username: str | None
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    link = f"/auth/change-email/{token_for(app, ann, 'change_email')}"
    if username:
        reader.log_in(bob)

    page = reader.post(link)

    assert page.status == 400 if username else page.path.startswith("/auth/login")
    assert addresses(app, ann, bob) == [ann.email, bob.email]


def addresses(app: Flask, *people: Person) -> list[str]:
    return [value(app, person, "email") for person in people]


def test_bad_address_is_explained(make: Factory, reader: Reader, letters: Mailbox) -> None:
    page = ask(reader.log_in(make.user()), email="nonsense")

    assert "Write an address such as" in page.text
    assert letters.received == []
