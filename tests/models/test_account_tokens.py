"""The tokens that go out in letters: for one user, one purpose, a limited time, and once."""

from collections.abc import Callable
from itertools import permutations

import pytest
from flask import Flask

from app.extensions import db
from app.models import User
from tests.models.people import saved

pytestmark = pytest.mark.usefixtures("context")

EXPIRED = -1

MAKERS: dict[str, Callable[[User, int], str]] = {
    "confirm": lambda user, lifetime: user.generate_confirmation_token(lifetime),
    "reset": lambda user, lifetime: user.generate_reset_token(lifetime),
    "change_email": lambda user, lifetime: user.generate_email_change_token(
        "new@example.com", lifetime
    ),
}
USERS: dict[str, Callable[[User, str], bool]] = {
    "confirm": lambda user, token: user.confirm(token),
    "reset": lambda _user, token: User.reset_password(token, "cat and bird"),
    "change_email": lambda user, token: user.change_email(token),
}


def state(user: User) -> tuple[object, ...]:
    return user.email, user.confirmed, user.password_hash, user.security_stamp


@pytest.mark.parametrize("purpose", MAKERS)
def test_token_works_once(purpose: str) -> None:
    user = saved()
    token = MAKERS[purpose](user, 60)

    assert USERS[purpose](user, token)
    assert not USERS[purpose](user, token)


@pytest.mark.parametrize("purpose", MAKERS)
def test_expired_token_changes_nothing(purpose: str) -> None:
    user = saved()
    before = state(user)

    assert not USERS[purpose](user, MAKERS[purpose](user, EXPIRED))
    assert state(user) == before


@pytest.mark.parametrize(("made_for", "used_for"), list(permutations(MAKERS, 2)))
def test_token_of_another_purpose_changes_nothing(made_for: str, used_for: str) -> None:
    user = saved()
    before = state(user)

    assert not USERS[used_for](user, MAKERS[made_for](user, 60))
    assert state(user) == before


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "☃", "." * 1000], ids=ascii)
@pytest.mark.parametrize("purpose", USERS)
def test_nonsense_is_no_token(purpose: str, token: str) -> None:
    assert not USERS[purpose](saved(), token)


@pytest.mark.parametrize("purpose", ["confirm", "change_email"])
def test_token_of_somebody_else_changes_nothing(purpose: str) -> None:
    ann, bob = saved("ann"), saved("bob")
    before = state(bob)

    assert not USERS[purpose](bob, MAKERS[purpose](ann, 60))
    assert state(bob) == before


def test_reset_token_resets_its_owner_and_nobody_else() -> None:
    ann, bob = saved("ann", password="cat and dog"), saved("bob", password="cat and dog")

    assert User.reset_password(ann.generate_reset_token(), "cat and bird")

    assert ann.verify_password("cat and bird")
    assert bob.verify_password("cat and dog")


def test_reset_token_of_a_deleted_user_is_worthless() -> None:
    ann = saved()
    token = ann.generate_reset_token()
    db.session.delete(ann)
    db.session.commit()

    assert not User.reset_password(token, "cat and bird")


def test_reset_confirms_the_address() -> None:
    ann = saved()

    User.reset_password(ann.generate_reset_token(), "cat and bird")

    assert ann.confirmed


@pytest.mark.parametrize("purpose", MAKERS)
def test_new_password_voids_every_token(purpose: str) -> None:
    user = saved(password="cat and dog")
    token = MAKERS[purpose](user, 60)

    user.password = "cat and bird"

    assert not USERS[purpose](user, token)


def test_email_change_moves_the_account_and_its_avatar() -> None:
    ann = saved()
    avatar = ann.avatar_hash

    assert ann.change_email(ann.generate_email_change_token("  New@Example.COM "))

    assert ann.email == "new@example.com"
    assert ann.avatar_hash != avatar


def test_email_does_not_change_to_an_address_that_is_taken() -> None:
    ann = saved()
    token = ann.generate_email_change_token("bob@example.com")
    saved("bob")

    assert not ann.change_email(token)
    assert ann.email == "ann@example.com"


def test_email_change_ends_every_session() -> None:
    ann = saved()
    session = ann.get_id()

    ann.change_email(ann.generate_email_change_token("new@example.com"))

    assert User.from_session(session) is None


def test_keys_can_be_rotated(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = saved()
    old_key = app.config["SECRET_KEY"]
    token, other = ann.generate_confirmation_token(), ann.generate_reset_token()

    monkeypatch.setitem(app.config, "SECRET_KEY", "a new key")
    assert not ann.confirm(token), "the old key is forgotten"

    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [old_key])
    assert ann.confirm(token)
    assert User.reset_password(other, "cat and bird")


def test_new_tokens_are_signed_with_the_new_key(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = saved()
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", ["an old key"])
    token = ann.generate_confirmation_token()

    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [])

    assert ann.confirm(token)
