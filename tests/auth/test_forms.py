"""Password rules, in every form that sets a password."""

import pytest
from flask import Flask

from app.models import User
from tests.auth.actions import NEW, is_logged_in, register, set_password, try_to_log_in
from tests.support.factories import PASSWORD, Factory
from tests.support.http_client import Page, SiteClient
from tests.support.rows import count_rows, token_for

REFUSED = {
    "seven characters": ("short7!", "Use at least 8 characters"),
    "common": ("password1", "too common"),
    "common, in capitals": ("PASSWORD1", "too common"),
    "empty": ("", "This field is required"),
    "too long": ("a1" * 600, "Use at most 1024 characters"),
}
ACCEPTED = {
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
    app: Flask, client: SiteClient, case: tuple[str, str]
) -> None:
    password, error = case

    page = register(client, password=password)

    assert error in page.text
    assert count_rows(app, User) == 0


@table({**REFUSED})
def test_weak_password_is_refused_by_a_reset(
    app: Flask, make: Factory, client: SiteClient, case: tuple[str, str]
) -> None:
    password, error = case
    ann = make.user()

    page = set_password(client, f"/auth/reset/{token_for(app, ann, 'reset')}", password)

    assert error in page.text
    assert try_to_log_in(client, ann.email).path == "/"


@table({**ACCEPTED})
def test_good_password_is_accepted_untruncated(
    app: Flask, make: Factory, client: SiteClient, case: str
) -> None:
    ann = make.user()

    set_password(client, f"/auth/reset/{token_for(app, ann, 'reset')}", case)

    assert try_to_log_in(client, ann.email, case[:-1]).path == "/auth/login"
    assert try_to_log_in(client, ann.email, case).path == "/"
    assert is_logged_in(client)


def test_passwords_must_match(app: Flask, client: SiteClient) -> None:
    page = register_with(client, PASSWORD, f"{PASSWORD}!")

    assert "Passwords must match" in page.text
    assert count_rows(app, User) == 0


def test_password_is_not_in_the_response(client: SiteClient) -> None:
    page = register_with(client, PASSWORD, f"{PASSWORD}!")

    assert PASSWORD not in page.html


def register_with(client: SiteClient, password: str, password2: str) -> Page:
    fields = {"email": NEW, "username": "newcomer", "password": password, "password2": password2}
    return client.submit("/auth/register", fields)
