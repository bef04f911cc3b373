"""Users: role, username, email address, profile, last seen."""

import hashlib
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from app.models import AnonymousUser, Permission, Role, User, utcnow
from tests.models.users import create_user
from tests.support.databases import record_statements

pytestmark = pytest.mark.usefixtures("context")


def role_name(user: User) -> str | None:
    return user.role.name if user.role else None


def test_user_has_the_permissions_of_the_role() -> None:
    for role, permissions in {"User": 7, "Moderator": 15, "Administrator": 31}.items():
        user = create_user(role, role=Role.find_by_name(role))

        assert {p for p in Permission if user.can(p)} == set(Permission(permissions))
        assert user.is_administrator() == (role == "Administrator")


def test_initial_role_depends_on_the_email_address() -> None:
    assert role_name(create_user()) == "User"
    assert role_name(create_user("admin", email=" Admin@EXAMPLE.com ")) == "Administrator"


def test_given_role_is_kept() -> None:
    user = create_user(email="admin@example.com", role=Role.find_by_name("User"))

    assert not user.is_administrator()


@pytest.mark.parametrize("admin", [None, "", "ADMIN@Example.com"], ids=repr)
def test_administrator_is_configured_in_any_case(
    app: Flask, monkeypatch: pytest.MonkeyPatch, admin: str | None
) -> None:
    monkeypatch.setitem(app.config, "FLASKY_ADMIN", admin)

    assert create_user(email="admin@example.com").is_administrator() == bool(admin)


def test_users_without_role_and_anonymous_users_have_no_permissions() -> None:
    user, anonymous = create_user(), AnonymousUser()
    user.role = None

    assert not any(user.can(permission) for permission in Permission)
    assert not any(anonymous.can(permission) for permission in Permission)
    assert not anonymous.is_administrator()
    assert not anonymous.is_authenticated


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("email", "username"),
    [("ANN@Example.com", "other"), ("other@example.com", "ANN")],
    ids=["email", "username"],
)
def test_email_address_and_username_are_unique_in_any_case(email: str, username: str) -> None:
    create_user("ann")

    with pytest.raises(IntegrityError):
        create_user(username, email=email)


@pytest.mark.both_databases
def test_user_is_found_in_any_case() -> None:
    ann = create_user("Ann")

    assert ann.username == "Ann"
    assert User.find_by_username("aNN") is ann
    assert User.find_by_email(" ANN@\uff45xample.COM ") is ann
    assert User.find_by_username("bob") is None
    assert User.find_by_email("bob@example.com") is None
    assert User.find_by_email("ann\0@example.com") is None


def test_profile_fields_are_stripped_and_blank_ones_are_null() -> None:
    ann = create_user(name="Ann", location="Here")

    ann.update_profile(name=" Ann Lee ", location=" ", about_me=None)

    assert (ann.name, ann.location, ann.about_me) == ("Ann Lee", None, None)


def test_avatar_hash_follows_the_email_address() -> None:
    ann = create_user(email=" Ann@Example.com")
    assert ann.avatar_hash == hashlib.sha256(b"ann@example.com").hexdigest()

    ann.email = "new@example.com"

    assert ann.avatar_hash == hashlib.sha256(b"new@example.com").hexdigest()


def test_timestamps_of_a_new_user_are_now() -> None:
    before = utcnow()
    ann = create_user()

    assert before <= ann.member_since <= utcnow()
    assert before <= ann.last_seen <= utcnow()


def test_last_seen_is_updated_at_most_once_a_minute(app: Flask) -> None:
    ann = create_user(last_seen=utcnow() - timedelta(seconds=61))
    bob = create_user("bob", last_seen=ann.last_seen)
    before = ann.last_seen

    assert ann.ping()
    db.session.commit()
    last_seen = ann.last_seen
    assert last_seen > before + timedelta(minutes=1)
    assert bob.last_seen == before

    ann.last_seen = utcnow() - timedelta(seconds=30)
    db.session.commit()
    with record_statements(app) as statements:
        assert not ann.ping()
    assert not [statement for statement in statements if "UPDATE" in statement]
