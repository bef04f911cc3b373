"""API tokens: shown once, stored as a digest."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple, Self

from sqlalchemy import ForeignKey, Index, String, delete, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model, db
from .statements import lock_row, rows_changed
from .types import Rows, UTCDateTime, utcnow
from .user import User

PREFIX = "flasky_"  # lets people and secret scanners recognize a leaked token
LAST_USED_INTERVAL = timedelta(minutes=1)


class TooManyTokens(Exception):
    """The user has as many tokens as one user may have."""


class AccessToken(Model):
    """A named API token; like sessions, it stops working when the password changes.

    SHA-256 without a salt is enough: a token has 256 random bits, so there is nothing to guess,
    and the digest is computed for each request.
    """

    __tablename__ = "access_tokens"
    MAX_PER_USER: ClassVar = 50

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    security_stamp: Mapped[str] = mapped_column(String(32))
    read_only: Mapped[bool] = mapped_column(default=False)
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (Index("ix_access_tokens_user_newest", "user_id", "timestamp", "id"),)

    @classmethod
    def issue(cls, user: User, name: str, days: int, read_only: bool = False) -> tuple[Self, str]:
        """Add a token for `user`; return it and its secret. Delete the user's expired tokens.

        Raise TooManyTokens if the user has MAX_PER_USER.
        """
        lock_row(user)  # otherwise concurrent requests could exceed the maximum
        is_expired = or_(cls.expires_at <= utcnow(), cls.security_stamp != user.security_stamp)
        db.session.execute(delete(cls).where(cls.user_id == user.id, is_expired))
        count = select(func.count()).where(cls.user_id == user.id)
        if db.session.scalars(count).one() >= cls.MAX_PER_USER:
            raise TooManyTokens
        secret = PREFIX + secrets.token_urlsafe(32)
        token = cls(
            user_id=user.id,
            name=name,
            digest=digest(secret),
            security_stamp=user.security_stamp,
            read_only=read_only,
            expires_at=utcnow() + timedelta(days=days),
        )
        db.session.add(token)
        return token, secret

    @classmethod
    def active_rows(cls, user: User) -> Rows:
        """Return id, name, read_only, timestamp, expires_at and last_used_at of valid tokens."""
        columns = cls.id, cls.name, cls.read_only, cls.timestamp, cls.expires_at, cls.last_used_at
        return select(*columns).where(
            cls.user_id == user.id,
            cls.security_stamp == user.security_stamp,
            cls.expires_at > utcnow(),
        )

    @classmethod
    def revoke(cls, user: User, token_id: int | None = None) -> int:
        """Delete one token of `user`, or all of them; return how many were deleted."""
        tokens = delete(cls).where(cls.user_id == user.id)
        if token_id is not None:
            tokens = tokens.where(cls.id == token_id)
        return rows_changed(db.session.execute(tokens))

    @classmethod
    def authenticate(cls, secret: str) -> "Grant | None":
        """Return what a valid token grants, or None; one query."""
        row = db.session.execute(
            select(User, cls.id, cls.read_only, cls.last_used_at)
            .join(User, User.id == cls.user_id)
            .where(
                cls.digest == digest(secret),
                cls.security_stamp == User.security_stamp,
                cls.expires_at > utcnow(),
            )
        ).first()
        return Grant(*row) if row is not None else None


class Grant(NamedTuple):
    """The user whom a token authenticates, and whether it is limited to reading."""

    user: User
    token_id: int
    read_only: bool
    last_used_at: datetime | None

    def last_used_is_stale(self) -> bool:
        """Return True if `last_used_at` is at least a minute old."""
        return self.last_used_at is None or utcnow() - self.last_used_at >= LAST_USED_INTERVAL

    def record_use(self) -> None:
        """Update `last_used_at` if it is stale."""
        if self.last_used_is_stale():
            token = update(AccessToken).where(AccessToken.id == self.token_id)
            db.session.execute(token.values(last_used_at=utcnow()))


def digest(secret: str) -> str:
    """Return the SHA-256 digest under which a token is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
