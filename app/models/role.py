"""Roles and the permissions they are made of."""

from enum import IntFlag
from typing import ClassVar

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model, db


class Permission(IntFlag):
    """What an account may do; a role's `permissions` is the sum of some of these."""

    FOLLOW = 1
    COMMENT = 2
    WRITE = 4
    MODERATE = 8
    ADMIN = 16


class Role(Model):
    """A named set of permissions."""

    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    default: Mapped[bool] = mapped_column(default=False, index=True)
    permissions: Mapped[int] = mapped_column(default=0)

    # Edit this table and run `flask deploy`: the database follows.
    DEFAULT: ClassVar = "User"
    ROLES: ClassVar = {
        "User": Permission.FOLLOW | Permission.COMMENT | Permission.WRITE,
        "Moderator": (
            Permission.FOLLOW | Permission.COMMENT | Permission.WRITE | Permission.MODERATE
        ),
        "Administrator": (
            Permission.FOLLOW
            | Permission.COMMENT
            | Permission.WRITE
            | Permission.MODERATE
            | Permission.ADMIN
        ),
    }

    def __repr__(self) -> str:
        return f"<Role {self.name!r}>"

    @classmethod
    def insert_roles(cls) -> list[str]:
        """Make the roles in the database those of `ROLES`; return the names that changed."""
        known = {role.name: role for role in db.session.scalars(select(cls))}
        changed = []
        for name, permissions in cls.ROLES.items():
            wanted = (int(permissions), name == cls.DEFAULT)
            role = known.get(name)
            if role is None:
                role = cls(name=name)
                db.session.add(role)
            if (role.permissions, role.default) != wanted:
                role.permissions, role.default = wanted
                changed.append(name)
        for name in known.keys() - cls.ROLES.keys():  # people may have it still
            if known[name].default:
                known[name].default = False
                changed.append(name)
        return changed

    @classmethod
    def named(cls, name: str) -> "Role | None":
        """Return the role called `name`, if `flask deploy` has made it."""
        return db.session.scalar(select(cls).where(cls.name == name))

    def has_permission(self, permission: int) -> bool:
        """Tell whether this role has all of `permission`."""
        return (self.permissions or 0) & permission == permission

    def add_permission(self, permission: int) -> None:
        """Give `permission` to this role."""
        self.permissions = (self.permissions or 0) | permission

    def remove_permission(self, permission: int) -> None:
        """Take `permission` from this role."""
        self.permissions = (self.permissions or 0) & ~permission

    def reset_permissions(self) -> None:
        """Take every permission from this role."""
        self.permissions = 0
