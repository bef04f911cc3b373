"""How often a stranger may try."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.factories import Factory
from tests.mailbox import Mailbox
from tests.reader import Page, Reader
from tests.test_races import at_once, sending

from .actions import NEW, register, try_to_log_in

LOGINS, REGISTRATIONS, LETTERS = 20, 10, 5


def ask_for_reset(reader: Reader, email: str) -> Page:
    return reader.submit("/auth/reset", {"email": email})


def ask_for_confirmation(reader: Reader, email: str) -> Page:
    return reader.submit("/auth/unconfirmed", {"email": email}, "/auth/confirm")


def expect_refusal(page: Page) -> None:
    assert page.status == 429
    assert int(page.response.headers["Retry-After"]) > 0
    assert "Too many attempts" in page.text
    assert "Wait a little and try again" in page.text


def from_address(app: Flask, address: str) -> Reader:
    reader = Reader(app)
    reader.client.environ_base["REMOTE_ADDR"] = address
    return reader


def test_failed_logins_are_limited(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user()
    for _ in range(LOGINS):
        assert try_to_log_in(reader, ann.email, "wrong").status == 200

    expect_refusal(try_to_log_in(reader, ann.email, "wrong"))
    expect_refusal(try_to_log_in(reader, ann.email))
    assert try_to_log_in(from_address(app, "192.0.2.7"), ann.email).path == "/"


def test_guesses_sent_all_at_once_are_limited(app: Flask, make: Factory) -> None:
    ann = make.user()
    fields = {"email": ann.email, "password": "wrong"}
    guesses = [sending(Reader(app), "/auth/login", fields) for _ in range(LOGINS + 8)]

    statuses = [page.status for page in at_once(*guesses)]

    assert statuses.count(200) <= LOGINS
    assert set(statuses) == {200, 429}


def test_budget_of_an_address_is_not_that_of_a_place(app: Flask) -> None:
    for number in range(LETTERS):
        ask_for_reset(from_address(app, f"192.0.2.{number}"), "203.0.113.7")

    assert ask_for_reset(from_address(app, "203.0.113.7"), NEW).status == 200


def test_one_mailbox_has_one_budget_however_it_is_written(app: Flask, letters: Mailbox) -> None:
    same = ["ann@example.com", "ANN@EXAMPLE.COM", "ann@\uff45xample.com"]
    for number in range(LETTERS * 2):
        ask_for_reset(from_address(app, f"192.0.2.{number}"), same[number % len(same)])

    assert len(letters.to("ann@example.com")) == LETTERS


def test_login_page_can_be_opened_by_who_was_refused(make: Factory, reader: Reader) -> None:
    for _ in range(LOGINS + 1):
        try_to_log_in(reader, "nobody@example.com")

    assert reader.open("/auth/login").status == 200
    assert reader.open("/").status == 200


def test_registrations_are_limited(app: Flask, reader: Reader, letters: Mailbox) -> None:
    for number in range(REGISTRATIONS):
        page = register(reader, f"p{number}@example.com", f"person{number}")
        assert page.path == "/auth/unconfirmed"

    expect_refusal(register(reader))
    assert letters.to(NEW) == []
    assert register(from_address(app, "192.0.2.7")).path == "/auth/unconfirmed"


@pytest.mark.parametrize("ask", [ask_for_reset, ask_for_confirmation])
def test_letters_from_one_place_are_limited(
    app: Flask, reader: Reader, letters: Mailbox, ask: Callable[[Reader, str], Page]
) -> None:
    for number in range(LETTERS):
        assert ask(reader, f"p{number}@example.com").status == 200

    expect_refusal(ask(reader, "last@example.com"))
    assert letters.to("last@example.com") == []
    assert ask(from_address(app, "192.0.2.7"), "last@example.com").status == 200


def test_letters_to_one_mailbox_are_limited_wherever_they_are_asked_for(
    app: Flask, reader: Reader, letters: Mailbox
) -> None:
    register(from_address(app, "192.0.2.1"), NEW)
    for number in range(2, LETTERS + 1):
        ask = ask_for_reset if number % 2 else ask_for_confirmation
        ask(from_address(app, f"192.0.2.{number}"), NEW.upper() if number % 2 else NEW)

    expect_refusal(ask_for_reset(from_address(app, "192.0.2.90"), f" {NEW}"))
    expect_refusal(register(from_address(app, "192.0.2.91"), NEW))
    assert len(letters.to(NEW)) == LETTERS
    assert ask_for_reset(from_address(app, "192.0.2.90"), "other@example.com").status == 200


def test_guessing_the_password_of_an_open_session_is_limited(
    make: Factory, reader: Reader
) -> None:
    reader.log_in(make.user())
    fields = {"old_password": "wrong", "password": "a long new one", "password2": "a long new one"}
    for _ in range(LOGINS):
        assert reader.submit("/auth/change-password", fields).status == 200

    expect_refusal(reader.submit("/auth/change-password", fields))


def test_guessing_the_password_on_the_way_out_is_limited(make: Factory, reader: Reader) -> None:
    reader.log_in(make.user())
    for _ in range(LOGINS):
        assert reader.submit("/auth/delete-account", {"password": "wrong"}).status == 200

    expect_refusal(reader.submit("/auth/delete-account", {"password": "wrong"}))
