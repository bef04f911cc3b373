"""API tokens: shown once, stored as a digest."""

from datetime import timedelta
from typing import ClassVar, Self

from sqlalchemy import Index, String, func, select
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import db
from .credential import Credential
from .security_event import SecurityEvent
from .statements import lock_row
from .types import Rows, utcnow
from .user import User

PREFIX = "flasky_"  # lets people and secret scanners recognize a leaked token


class TooManyTokens(Exception):
    """The user has as many tokens as one user may have."""


class AccessToken(Credential):
    """A named API token; like sessions, it stops working when the password changes."""

    __tablename__ = "access_tokens"
    MAX_PER_USER: ClassVar = 50

    name: Mapped[str] = mapped_column(String(64))
    read_only: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        Index("ix_access_tokens_user_newest", "user_id", "timestamp", "id"),
        Index("ix_access_tokens_expires_at", "expires_at"),
    )

    @classmethod
    def issue(cls, user: User, name: str, days: int, read_only: bool = False) -> tuple[Self, str]:
        """Add a token for `user`; return it and its secret. Delete the user's expired tokens.

        Raise TooManyTokens if the user has MAX_PER_USER.
        """
        lock_row(user)  # otherwise concurrent requests could exceed the maximum
        cls.delete_expired(user)
        count = select(func.count()).where(cls.user_id == user.id)
        if db.session.scalars(count).one() >= cls.MAX_PER_USER:
            raise TooManyTokens
        SecurityEvent.record(user, "token_created", name)
        return cls._issue(user, timedelta(days), PREFIX, name=name, read_only=read_only)

    @classmethod
    def revoke(cls, user: User, row_id: int | None = None) -> int:
        """Delete one token of `user`, or all of them; return how many were deleted."""
        deleted = super().revoke(user, row_id)
        if deleted:
            SecurityEvent.record(user, "token_revoked" if row_id else "tokens_revoked")
        return deleted

    @classmethod
    def active_rows(cls, user: User) -> Rows:
        """Return the columns of valid tokens that pages and the API show."""
        times = cls.timestamp, cls.expires_at, cls.last_used_at
        return select(cls.id, cls.name, cls.read_only, *times, cls.network).where(
            cls.user_id == user.id,
            cls.security_stamp == user.security_stamp,
            cls.expires_at > utcnow(),
        )
