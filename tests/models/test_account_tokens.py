"""Tokens in emails: for one user and one purpose, for a limited time, and single-use."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.extensions import db
from app.models import LoginSession, User
from tests.models.users import create_user

pytestmark = pytest.mark.usefixtures("context")

EXPIRED = -1

GENERATE: dict[str, Callable[[User, int], str]] = {
    "confirm": lambda user, seconds: user.generate_confirmation_token(seconds),
    "reset": lambda user, seconds: user.generate_reset_token(seconds),
    "change_email": lambda user, seconds: user.generate_email_change_token(
        "new@example.com", seconds
    ),
}
USE: dict[str, Callable[[User, str], bool]] = {
    "confirm": lambda user, token: user.confirm(token),
    "reset": lambda _user, token: User.reset_password(token, "cat and bird"),
    "change_email": lambda user, token: user.change_email(token),
}
MALFORMED = ["", "x", "a.b", "a.b.c", "☃", "." * 1000]


def credentials(user: User) -> tuple[object, ...]:
    return user.email, user.confirmed, user.password_hash, user.security_stamp


@pytest.mark.parametrize("purpose", GENERATE)
def test_token_is_single_use(purpose: str) -> None:
    user = create_user()
    token = GENERATE[purpose](user, 60)

    assert USE[purpose](user, token)
    assert not USE[purpose](user, token)


@pytest.mark.parametrize("purpose", GENERATE)
def test_invalid_token_changes_nothing(purpose: str) -> None:
    user = create_user()
    before = credentials(user)
    tokens = [
        GENERATE[purpose](user, EXPIRED),
        *(generate(user, 60) for other, generate in GENERATE.items() if other != purpose),
        *MALFORMED,
    ]

    for token in tokens:
        assert not USE[purpose](user, token)
    assert credentials(user) == before


@pytest.mark.parametrize("purpose", ["confirm", "change_email"])
def test_token_of_another_user_changes_nothing(purpose: str) -> None:
    ann, bob = create_user("ann"), create_user("bob")
    before = credentials(bob)

    assert not USE[purpose](bob, GENERATE[purpose](ann, 60))
    assert credentials(bob) == before


def test_reset_sets_the_password_and_confirms_the_address_of_one_user() -> None:
    ann, bob = (create_user(name, password="cat and dog") for name in ("ann", "bob"))

    assert User.reset_password(ann.generate_reset_token(), "cat and bird")

    assert ann.verify_password("cat and bird")
    assert ann.confirmed
    assert bob.verify_password("cat and dog")
    assert not bob.confirmed


def test_reset_token_of_a_deleted_user_is_invalid() -> None:
    ann = create_user()
    token = ann.generate_reset_token()
    db.session.delete(ann)
    db.session.commit()

    assert not User.reset_password(token, "cat and bird")


@pytest.mark.parametrize("purpose", GENERATE)
def test_new_password_invalidates_tokens(purpose: str) -> None:
    user = create_user(password="cat and dog")
    token = GENERATE[purpose](user, 60)

    user.password = "cat and bird"

    assert not USE[purpose](user, token)


def test_email_change_updates_the_avatar_and_ends_sessions() -> None:
    ann = create_user()
    avatar, secret = ann.avatar_hash, LoginSession.issue(ann, remember=True)

    assert ann.change_email(ann.generate_email_change_token("  New@Example.COM "))

    assert ann.email == "new@example.com"
    assert ann.avatar_hash != avatar
    assert LoginSession.authenticate(secret) is None


def test_email_does_not_change_to_an_address_in_use() -> None:
    ann = create_user()
    token = ann.generate_email_change_token("bob@example.com")
    create_user("bob")

    assert not ann.change_email(token)
    assert ann.email == "ann@example.com"


def test_keys_can_be_rotated(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = create_user()
    old_key = app.config["SECRET_KEY"]
    token, other = ann.generate_confirmation_token(), ann.generate_reset_token()

    monkeypatch.setitem(app.config, "SECRET_KEY", "a new key")
    assert not ann.confirm(token), "the old key is gone"

    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [old_key])
    assert ann.confirm(token)
    assert User.reset_password(other, "cat and bird")


def test_new_tokens_are_signed_with_the_current_key(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = create_user()
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", ["an old key"])
    token = ann.generate_confirmation_token()

    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [])

    assert ann.confirm(token)
