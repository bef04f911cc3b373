"""Roles: the sums of permissions, and bringing the table in line with the code."""

import pytest

from app.extensions import db
from app.models import Permission, Role

pytestmark = pytest.mark.usefixtures("context")

MAY = {
    "User": Permission.FOLLOW | Permission.COMMENT | Permission.WRITE,
    "Moderator": Permission(15),
    "Administrator": Permission(31),
}


@pytest.mark.parametrize(("name", "permissions"), MAY.items())
def test_role_has_its_permissions_and_no_others(name: str, permissions: Permission) -> None:
    role = Role.named(name)

    assert role is not None
    assert {p for p in Permission if role.has_permission(p)} == set(permissions)


def test_only_user_is_the_default_role() -> None:
    defaults = db.session.scalars(db.select(Role.name).where(Role.default)).all()

    assert defaults == ["User"]


def test_several_permissions_are_asked_for_together() -> None:
    role = Role(name="Writer", permissions=Permission.WRITE)

    assert not role.has_permission(Permission.WRITE | Permission.COMMENT)


def test_permissions_are_added_and_removed() -> None:
    role = Role(name="Guest")

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


def test_inserting_roles_again_changes_nothing() -> None:
    assert Role.insert_roles() == []
    assert db.session.scalar(db.select(db.func.count(Role.id))) == len(MAY)


def test_roles_that_differ_are_brought_back() -> None:
    moderator = Role.named("Moderator")
    assert moderator is not None
    moderator.permissions, moderator.default = 1, True

    assert Role.insert_roles() == ["Moderator"]
    assert (moderator.permissions, moderator.default) == (15, False)


def test_role_that_does_not_exist_is_none() -> None:
    assert Role.named("Emperor") is None


def test_role_that_is_no_longer_in_the_code_is_not_given_to_newcomers() -> None:
    db.session.add(Role(name="Guest", permissions=31, default=True))

    assert Role.insert_roles() == ["Guest"]
    assert [role.name for role in db.session.scalars(db.select(Role)) if role.default] == ["User"]
