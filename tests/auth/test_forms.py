"""Which passwords may be chosen, wherever one is chosen."""

import pytest
from flask import Flask

from app.models import User
from tests.factories import PASSWORD, Factory
from tests.reader import Page, Reader
from tests.rows import number_of, token_for

from .actions import NEW, is_logged_in, register, set_password, try_to_log_in

REFUSED = {
    "seven characters": ("short7!", "Use 8 characters or more"),
    "common": ("password1", "most common"),
    "common, in capitals": ("PASSWORD1", "most common"),
    "empty": ("", "Please fill in"),
    "much too long": ("a1" * 600, "Use at most 1024 characters"),
}
TAKEN = {
    "eight characters": "ox7 qpzw",
    "256 characters": "long 9" + "x" * 250,
    "300 characters": "long 8" + "y" * 294,
    "with spaces around": "  tide and time  ",
    "other scripts": "密码很长的一句话呢",
}


def table(cases: dict[str, object]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases.values(), ids=cases.keys())


@table({**REFUSED})
def test_weak_password_is_refused_at_registration(
    app: Flask, reader: Reader, case: tuple[str, str]
) -> None:
    password, words = case

    page = register(reader, password=password)

    assert words in page.text
    assert number_of(app, User) == 0


@table({**REFUSED})
def test_weak_password_is_refused_by_the_reset_page(
    app: Flask, make: Factory, reader: Reader, case: tuple[str, str]
) -> None:
    password, words = case
    ann = make.user()

    page = set_password(reader, f"/auth/reset/{token_for(app, ann, 'reset')}", password)

    assert words in page.text
    assert try_to_log_in(reader, ann.email).path == "/"


@table({**TAKEN})
def test_good_password_is_taken_whole(
    app: Flask, make: Factory, reader: Reader, case: str
) -> None:
    ann = make.user()

    set_password(reader, f"/auth/reset/{token_for(app, ann, 'reset')}", case)

    assert try_to_log_in(reader, ann.email, case[:-1]).path == "/auth/login"
    assert try_to_log_in(reader, ann.email, case).path == "/"
    assert is_logged_in(reader)


def test_password_must_be_repeated_as_it_was(app: Flask, reader: Reader) -> None:
    page = send_two_passwords(reader, PASSWORD, f"{PASSWORD}!")

    assert "The two passwords differ" in page.text
    assert number_of(app, User) == 0


def test_passwords_are_never_sent_back(reader: Reader) -> None:
    page = send_two_passwords(reader, PASSWORD, f"{PASSWORD}!")

    assert PASSWORD not in page.html


def send_two_passwords(reader: Reader, one: str, other: str) -> Page:
    fields = {"email": NEW, "username": "newcomer", "password": one, "password2": other}
    return reader.submit("/auth/register", fields)
