"""Users: roles, names and addresses without regard to case, visits, avatars."""

import hashlib
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.models import AnonymousUser, Permission, Role, User, utcnow
from tests.databases import counted_statements
from tests.models.people import saved

pytestmark = pytest.mark.usefixtures("context")

MAY = {"User": 7, "Moderator": 15, "Administrator": 31}


@pytest.mark.parametrize("role", MAY)
def test_user_may_what_the_role_allows(role: str) -> None:
    user = saved(role=Role.named(role))

    assert {p for p in Permission if user.can(p)} == set(Permission(MAY[role]))
    assert user.is_administrator() == (role == "Administrator")


def test_new_user_has_the_default_role() -> None:
    role = saved().role

    assert role is not None
    assert role.name == "User"


@pytest.mark.parametrize("email", ["admin@example.com", " Admin@EXAMPLE.com "])
def test_address_of_the_site_owner_becomes_administrator(email: str) -> None:
    assert saved(email=email).is_administrator()


@pytest.mark.parametrize("owner", [None, "", "ADMIN@Example.com"], ids=repr)
def test_site_owner_is_found_in_any_case_or_not_at_all(
    app: Flask, monkeypatch: pytest.MonkeyPatch, owner: str | None
) -> None:
    monkeypatch.setitem(app.config, "FLASKY_ADMIN", owner)

    assert saved(email="admin@example.com").is_administrator() == bool(owner)


def test_role_that_is_given_stays() -> None:
    user = saved(email="admin@example.com", role=Role.named("User"))

    assert not user.is_administrator()


def test_user_without_role_may_nothing() -> None:
    user = saved()
    user.role = None

    assert not any(user.can(permission) for permission in Permission)


def test_anonymous_reader_may_nothing() -> None:
    reader = AnonymousUser()

    assert not any(reader.can(permission) for permission in Permission)
    assert not reader.is_administrator()
    assert not reader.is_authenticated


@pytest.mark.parametrize(
    ("email", "username"),
    [
        ("ann@example.com", "other"),
        ("ANN@Example.com", "other"),
        ("other@example.com", "ann"),
        ("other@example.com", "ANN"),
    ],
    ids=["address", "address in another case", "name", "name in another case"],
)
def test_address_and_name_belong_to_one_user(email: str, username: str) -> None:
    saved("ann")

    with pytest.raises(IntegrityError):
        saved(username, email=email)


def test_user_is_found_in_any_case() -> None:
    ann = saved("Ann")

    assert User.with_username("aNN") is ann
    assert User.with_email(" ANN@example.COM ") is ann
    assert User.with_username("bob") is None
    assert User.with_email("bob@example.com") is None


def test_name_is_shown_as_it_was_written() -> None:
    assert saved("McCoy").username == "McCoy"


def test_name_is_free_unless_somebody_has_or_holds_it() -> None:
    ann = saved("ann", held_username="Later")

    assert User.username_is_free("bob")
    assert not User.username_is_free("ANN")
    assert not User.username_is_free("later")
    assert User.username_is_free("Ann", besides=ann)
    assert User.username_is_free("later", besides=ann)


def test_avatar_hash_follows_the_address() -> None:
    ann = saved(email=" Ann@Example.com")
    assert ann.avatar_hash == hashlib.sha256(b"ann@example.com").hexdigest()

    ann.email = "new@example.com"

    assert ann.avatar_hash == hashlib.sha256(b"new@example.com").hexdigest()


def test_times_of_a_new_user_are_now() -> None:
    before = utcnow()
    ann = saved()

    assert before <= ann.member_since <= utcnow()
    assert before <= ann.last_seen <= utcnow()


def test_visit_is_noted_at_most_once_a_minute(app: Flask) -> None:
    long_ago = utcnow() - timedelta(seconds=61)
    ann = saved(last_seen=long_ago)

    assert ann.ping()
    db.session.commit()
    seen = ann.last_seen
    assert seen > long_ago + timedelta(minutes=1)

    with counted_statements(app) as statements:
        assert not ann.ping()
    assert ann.last_seen == seen
    assert not [statement for statement in statements if "UPDATE" in statement]


def test_visit_within_the_minute_is_not_noted() -> None:
    just_now = utcnow() - timedelta(seconds=30)
    ann = saved(last_seen=just_now)

    assert not ann.ping()
    assert ann.last_seen == just_now
