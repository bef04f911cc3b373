"""API tokens: shown once, stored as a digest."""

from datetime import timedelta
from typing import Self

from sqlalchemy import Index, String, select
from sqlalchemy.orm import Mapped, mapped_column

from .credential import Credential
from .types import Rows, utcnow
from .user import User

PREFIX = "flasky_"  # lets people and secret scanners recognize a leaked token


class AccessToken(Credential):
    """A named API token; like sessions, it stops working when the password changes."""

    __tablename__ = "access_tokens"

    name: Mapped[str] = mapped_column(String(64))
    read_only: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (Index("ix_access_tokens_user_newest", "user_id", "timestamp", "id"),)

    @classmethod
    def issue(cls, user: User, name: str, days: int, read_only: bool = False) -> tuple[Self, str]:
        """Add a token for `user`; return it and its secret. Delete the user's expired tokens."""
        return cls._issue(user, timedelta(days), PREFIX, name=name, read_only=read_only)

    @classmethod
    def active_rows(cls, user: User) -> Rows:
        """Return id, name, read_only, timestamp, expires_at and last_used_at of valid tokens."""
        columns = cls.id, cls.name, cls.read_only, cls.timestamp, cls.expires_at, cls.last_used_at
        return select(*columns).where(
            cls.user_id == user.id,
            cls.security_stamp == user.security_stamp,
            cls.expires_at > utcnow(),
        )
