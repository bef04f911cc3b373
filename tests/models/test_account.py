"""Passwords: kept as salted hashes, never readable, hashed anew when the method changes."""

import pytest
from flask import Flask

from app.models import User, waste_a_password_check
from tests.models.people import saved

pytestmark = pytest.mark.usefixtures("context")


def test_password_cannot_be_read() -> None:
    user = saved(password="cat and dog")

    with pytest.raises(AttributeError, match="verify_password"):
        _ = user.password


def test_password_is_not_kept_in_plain_text() -> None:
    assert "cat" not in str(saved(password="cat and dog").password_hash)


def test_right_password_is_verified_and_others_are_not() -> None:
    user = saved(password="cat and dog")

    assert user.verify_password("cat and dog")
    assert not user.verify_password("Cat and dog")
    assert not user.verify_password("")


def test_same_password_has_different_salts() -> None:
    one, other = User(password="cat and dog"), User(password="cat and dog")

    assert one.password_hash != other.password_hash


def test_account_without_password_cannot_be_entered() -> None:
    user = saved()

    assert user.password_hash is None
    assert not user.verify_password("")
    assert not user.verify_password("None")


def test_new_password_ends_every_session() -> None:
    user = saved(password="cat and dog")
    session = user.get_id()
    assert User.from_session(session) is user

    user.password = "cat and bird"

    assert User.from_session(session) is None
    assert User.from_session(user.get_id()) is user


@pytest.mark.parametrize(
    "remembered", ["", ".", "x.y", "1", "-1.x", "1.", "99999999.x", "².x"], ids=repr
)
def test_made_up_session_is_nobody(remembered: str) -> None:
    saved(id=1)

    assert User.from_session(remembered) is None


def test_password_is_hashed_anew_only_when_the_method_changes(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = saved(password="cat and dog")
    stamp = user.security_stamp
    assert not user.rehash_password("cat and dog")

    monkeypatch.setitem(app.config, "PASSWORD_HASH_METHOD", "scrypt:512:8:1")

    assert user.rehash_password("cat and dog")
    assert str(user.password_hash).startswith("scrypt:512:8:1$")
    assert user.verify_password("cat and dog")
    assert user.security_stamp == stamp, "the user stays logged in"


def test_wasted_check_hashes_by_the_configured_method(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PASSWORD_HASH_METHOD", "no such method")

    with pytest.raises(ValueError, match="no such method"):
        waste_a_password_check("anything")
