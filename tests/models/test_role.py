"""Roles, and updating them from the code."""

import pytest

from app.extensions import db
from app.models import Permission, Role
from envconfig import rules

pytestmark = pytest.mark.usefixtures("context")

PERMISSIONS = {"User": 7, "Moderator": 15, "Administrator": 31}


def test_roles_have_their_permissions() -> None:
    for name, permissions in PERMISSIONS.items():
        role = Role.find_by_name(name)
        assert role is not None
        assert {p for p in Permission if role.has_permission(p)} == set(Permission(permissions))
    assert Role.find_by_name("Emperor") is None


def test_only_user_is_the_default_role() -> None:
    defaults = db.session.scalars(db.select(Role.name).where(Role.default)).all()

    assert defaults == ["User"]


def test_role_needs_all_of_several_permissions() -> None:
    role = Role(name="Writer", permissions=Permission.WRITE)

    assert not role.has_permission(Permission.WRITE | Permission.COMMENT)


def test_permissions_are_added_and_removed() -> None:
    role = Role(name="Guest")
    assert not any(role.has_permission(permission) for permission in Permission)

    role.add_permission(Permission.FOLLOW)
    role.add_permission(Permission.COMMENT)
    role.add_permission(Permission.COMMENT)
    assert role.permissions == Permission.FOLLOW | Permission.COMMENT

    role.remove_permission(Permission.FOLLOW)
    role.remove_permission(Permission.FOLLOW)
    assert role.permissions == Permission.COMMENT

    role.reset_permissions()
    assert role.permissions == 0
    assert not role.has_permission(Permission.COMMENT)


def test_inserting_roles_updates_those_that_differ() -> None:
    assert Role.insert_roles() == []
    moderator = Role.find_by_name("Moderator")
    assert moderator is not None
    moderator.permissions, moderator.default = 1, True

    assert Role.insert_roles() == ["Moderator"]
    assert (moderator.permissions, moderator.default) == (PERMISSIONS["Moderator"], False)
    assert db.session.scalar(db.select(db.func.count(Role.id))) == len(PERMISSIONS)


def test_role_removed_from_the_code_is_not_the_default() -> None:
    db.session.add(Role(name="Guest", permissions=31, default=True))

    assert Role.insert_roles() == ["Guest"]
    assert [role.name for role in db.session.scalars(db.select(Role)) if role.default] == ["User"]


def test_settings_know_the_names_of_all_roles() -> None:
    assert set(rules.ROLE_NAMES) == set(Role.ROLES)
