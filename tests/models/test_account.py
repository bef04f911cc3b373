"""Passwords and login sessions."""

import pytest
from flask import Flask

from app.models import User
from app.security.password_hashing import dummy_password_check
from tests.models.users import create_user

pytestmark = pytest.mark.usefixtures("context")


def test_password_is_write_only_and_stored_as_a_salted_hash() -> None:
    user, other = User(password="cat and dog"), User(password="cat and dog")

    with pytest.raises(AttributeError, match="verify_password"):
        _ = user.password
    assert "cat" not in str(user.password_hash)
    assert user.password_hash != other.password_hash


def test_only_the_right_password_is_verified() -> None:
    user, without_password = create_user(password="cat and dog"), create_user("bob")

    assert user.verify_password("cat and dog")
    for password in ("Cat and dog", "", "None"):
        assert not user.verify_password(password)
        assert not without_password.verify_password(password)


def test_only_confirmed_users_with_the_right_password_are_authenticated() -> None:
    ann = create_user(password="cat and dog", confirmed=True)
    create_user("bob", password="cat and dog")

    assert User.authenticate("ANN@example.com", "cat and dog") is ann
    for email, password in (
        ("ann@example.com", "wrong"),
        ("bob@example.com", "cat and dog"),
        ("unknown@example.com", "cat and dog"),
        ("ann\0@example.com", "cat and dog"),
    ):
        assert User.authenticate(email, password) is None


def test_password_is_rehashed_only_if_the_method_changed(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = create_user(password="cat and dog", confirmed=True)
    stamp = user.security_stamp
    assert not user.rehash_password("cat and dog")

    monkeypatch.setitem(app.config, "PASSWORD_HASH_METHOD", "scrypt:512:8:1")

    assert User.authenticate(user.email, "cat and dog") is user
    assert str(user.password_hash).startswith("scrypt:512:8:1$")
    assert user.verify_password("cat and dog")
    assert user.security_stamp == stamp, "sessions stay valid"


def test_dummy_check_uses_the_configured_method(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PASSWORD_HASH_METHOD", "no such method")
    create_user()

    with pytest.raises(ValueError, match="no such method"):
        dummy_password_check("anything")
    for email in ("unknown@example.com", "ann@example.com"):
        with pytest.raises(ValueError, match="no such method"):
            User.authenticate(email, "anything")
