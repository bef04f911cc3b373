"""The page where people make tokens for programs, and end them."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from app.extensions import db
from app.models import AccessToken
from tests.api.program import Program, token_of
from tests.factories import Factory, Person
from tests.reader import Page, Reader

PAGE = "/auth/tokens"
SECRET = re.compile(r"flasky_[\w-]{43}")


def made(reader: Reader, person: Person, **fields: str) -> Page:
    return reader.submit(PAGE, {"name": "Phone", "password": person.password, **fields})


def works(app: Flask, secret: str) -> bool:
    headers = {"Authorization": f"Bearer {secret}"}
    return Program(app).get("/me", headers=headers).status_code == 200


def test_token_is_shown_once_and_works(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user("ann")

    page = made(reader.log_in(ann), ann)

    [secret] = SECRET.findall(page.html)
    assert works(app, secret)
    assert "no-store" in page.response.headers["Cache-Control"]
    again = reader.open(PAGE)
    assert "Phone" in again.text
    assert not SECRET.search(again.html)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": " "}, "Please fill in this field"),
        ({"name": "x" * 65}, "Use at most 64 characters"),
        ({"days": "0"}, "from 1 to 3650"),
        ({"days": "x"}, "integer"),
        ({"password": "wrong"}, "This is not your password"),
    ],
)
def test_bad_form_makes_no_token(
    app: Flask, make: Factory, reader: Reader, fields: dict[str, str], words: str
) -> None:
    ann = make.user("ann")

    page = made(reader.log_in(ann), ann, **fields)

    assert words in page.text
    with app.app_context():
        assert db.session.scalars(db.select(AccessToken)).all() == []


def test_token_is_as_asked_for(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user("ann")

    page = made(reader.log_in(ann), ann, days="7", read_only="y")

    assert "may only read" in page.text
    with app.app_context():
        [token] = db.session.scalars(db.select(AccessToken))
        assert token.read_only
        lasting = token.expires_at - token.timestamp
        assert abs(lasting - timedelta(days=7)) < timedelta(seconds=5)


def test_one_or_all_tokens_are_ended_by_a_button(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    secrets = [token_of(app, ann, name) for name in ("one", "two", "three")]
    other = token_of(app, bob)
    page = reader.log_in(ann).open(PAGE)
    [last, *_rest] = [form for form in page.forms if re.search(r"/\d+/revocation", form.action)]

    reader.send(page, {}, last.action)
    assert [works(app, secret) for secret in secrets] == [True, True, False]

    reader.submit(PAGE, {}, "/auth/tokens/revocation")
    assert [works(app, secret) for secret in (*secrets, other)] == [False, False, False, True]


def test_nobody_ends_the_token_of_somebody_else(app: Flask, make: Factory, reader: Reader) -> None:
    secret = token_of(app, make.user("ann"))
    with app.app_context():
        token_id = db.session.scalars(db.select(AccessToken.id)).one()

    reader.log_in(make.user("bob")).post(f"/auth/tokens/{token_id}/revocation")

    assert works(app, secret)


def test_new_password_ends_tokens(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user("ann")
    secret = token_of(app, ann)
    new = "another long sentence"

    reader.log_in(ann).submit(
        "/auth/change-password", {"old_password": ann.password, "password": new, "password2": new}
    )

    assert not works(app, secret)
