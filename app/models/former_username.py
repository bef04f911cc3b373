"""Usernames that users had. They redirect to the present one, and are reserved for their user."""

from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model, db
from .statements import lock_row
from .types import UTCDateTime, utcnow
from .user import User


class TooManyUsernames(Exception):
    """The user has as many former usernames as one user may have."""


class FormerUsername(Model):
    """A username that is reserved for its former owner until it expires.

    If the name has a new owner nevertheless, because of a race, the account with the name wins.
    """

    __tablename__ = "former_usernames"

    TTL: ClassVar = timedelta(days=90)
    MAX_PER_USER: ClassVar = 3

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    username: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)

    __table_args__ = (
        Index("uq_former_usernames_username_lower", func.lower(username), unique=True),
    )

    @classmethod
    def change(cls, user: User, username: str) -> None:
        """Set the username of `user`, and reserve the old one.

        Raise TooManyUsernames if too many are reserved for the user, and IntegrityError if another
        account has taken the name in the meantime.
        """
        # Locked: otherwise concurrent requests could exceed the maximum.
        if not lock_row(user) or user.deleted_at is not None:
            return
        old, user.username = user.username, username
        lower_names = {old.lower(), username.lower()}  # the new one may be a former one
        db.session.execute(delete(cls).where(func.lower(cls.username).in_(lower_names)))
        if len(lower_names) == 1:
            return
        reserved = select(cls.id).where(cls.user_id == user.id, cls.expires_at > utcnow())
        if len(db.session.scalars(reserved.limit(cls.MAX_PER_USER)).all()) == cls.MAX_PER_USER:
            raise TooManyUsernames
        db.session.add(cls(user_id=user.id, username=old, expires_at=utcnow() + cls.TTL))
        db.session.flush()

    @classmethod
    def find_user(cls, username: str) -> User | None:
        """Return the user who had this username, in any case, or None."""
        is_former = (func.lower(cls.username) == username.lower()) & (cls.expires_at > utcnow())
        return db.session.scalar(select(User).join(cls, cls.user_id == User.id).where(is_former))

    @classmethod
    def delete_all(cls, user: User) -> None:
        """Delete the former usernames of `user`, so that others can take them."""
        db.session.execute(delete(cls).where(cls.user_id == user.id))
