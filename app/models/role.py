"""Roles and permissions."""

from enum import IntFlag
from typing import ClassVar

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model, db


class Permission(IntFlag):
    """What a user may do; `Role.permissions` is a bitmask of these."""

    FOLLOW = 1
    COMMENT = 2
    WRITE = 4
    MODERATE = 8
    ADMIN = 16


USER = Permission.FOLLOW | Permission.COMMENT | Permission.WRITE
MODERATOR = USER | Permission.MODERATE
ADMINISTRATOR = MODERATOR | Permission.ADMIN


class Role(Model):
    """A named set of permissions."""

    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    default: Mapped[bool] = mapped_column(default=False, index=True)
    permissions: Mapped[int] = mapped_column(default=0)

    # `flask deploy` writes these roles to the database.
    DEFAULT: ClassVar = "User"
    ROLES: ClassVar = {"User": USER, "Moderator": MODERATOR, "Administrator": ADMINISTRATOR}

    def __repr__(self) -> str:
        return f"<Role {self.name!r}>"

    @classmethod
    def insert_roles(cls) -> list[str]:
        """Write `ROLES` to the database; return the names of the roles that changed."""
        existing = {role.name: role for role in db.session.scalars(select(cls))}
        changed = []
        for name, permissions in cls.ROLES.items():
            expected = (int(permissions), name == cls.DEFAULT)
            role = existing.get(name) or cls(name=name)
            db.session.add(role)
            if (role.permissions, role.default) != expected:
                role.permissions, role.default = expected
                changed.append(name)
        for name in existing.keys() - cls.ROLES.keys():  # not deleted: users may have it
            if existing[name].default:
                existing[name].default = False
                changed.append(name)
        return changed

    @classmethod
    def find_by_name(cls, name: str) -> "Role | None":
        """Return the role with this name, or None."""
        return db.session.scalar(select(cls).where(cls.name == name))

    def has_permission(self, permission: int) -> bool:
        """Return True if this role has all of `permission`."""
        return (self.permissions or 0) & permission == permission

    def add_permission(self, permission: int) -> None:
        """Add `permission` to this role."""
        self.permissions = (self.permissions or 0) | permission

    def remove_permission(self, permission: int) -> None:
        """Remove `permission` from this role."""
        self.permissions = (self.permissions or 0) & ~permission

    def reset_permissions(self) -> None:
        """Remove all permissions from this role."""
        self.permissions = 0
