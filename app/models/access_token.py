"""Tokens by which programs act for a person: shown once, kept as a digest."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Delete, ForeignKey, Index, String, delete, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model, db
from .types import Rows, UTCDateTime, utcnow
from .user import User

PREFIX = "flasky_"  # tells people, and programs that look for lost secrets, what it is
USED_EVERY = timedelta(minutes=1)


class AccessToken(Model):
    """A token that its owner has named; it dies with their password, as sessions do.

    The digest is a plain SHA-256. Slow hashes are for what people think of: a token is 256 random
    bits, which nobody guesses at any speed, and it is checked with every request.
    """

    __tablename__ = "access_tokens"

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

    def __repr__(self) -> str:
        return f"<AccessToken {self.id}>"

    @classmethod
    def issue(
        cls, user: User, name: str, days: int, read_only: bool = False
    ) -> "tuple[AccessToken, str]":
        """Add a token for `user`; return it, and the secret that nobody will see again.

        Those of theirs that have died are forgotten on the way.
        """
        db.session.execute(cls._dead(user))
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
    def rows_of(cls, user: User) -> Rows:
        """Return what is shown of the tokens of `user` that still work, as plain columns."""
        shown = (cls.id, cls.name, cls.read_only, cls.timestamp, cls.expires_at, cls.last_used_at)
        return select(*shown).where(
            cls.user_id == user.id,
            cls.security_stamp == user.security_stamp,
            cls.expires_at > utcnow(),
        )

    @classmethod
    def revoke(cls, user: User, token_id: int | None = None) -> Delete:
        """Return what ends one token of `user`, or all of them."""
        theirs = delete(cls).where(cls.user_id == user.id)
        return theirs if token_id is None else theirs.where(cls.id == token_id)

    @classmethod
    def grant(cls, secret: str) -> "Grant | None":
        """Return what the token `secret` allows now, and to whom; one statement."""
        found = db.session.execute(
            select(User, cls.id, cls.read_only, cls.last_used_at)
            .join(User, User.id == cls.user_id)
            .where(
                cls.digest == digest(secret),
                cls.security_stamp == User.security_stamp,
                cls.expires_at > utcnow(),
            )
        ).first()
        return Grant(*found) if found is not None else None

    @classmethod
    def _dead(cls, user: User) -> Delete:
        died = or_(cls.expires_at <= utcnow(), cls.security_stamp != user.security_stamp)
        return delete(cls).where(cls.user_id == user.id, died)


class Grant(NamedTuple):
    """What a token allows: to act for `user`, to read at least."""

    user: User
    token_id: int
    read_only: bool
    last_used_at: datetime | None

    def use_is_due(self) -> bool:
        """Tell whether it is a minute or more since the use of this token was last noted."""
        return self.last_used_at is None or utcnow() - self.last_used_at >= USED_EVERY

    def note_use(self) -> None:
        """Note that the token was used, once for all requests of a minute."""
        now = utcnow()
        stale = or_(
            AccessToken.last_used_at.is_(None), AccessToken.last_used_at <= now - USED_EVERY
        )
        mine = update(AccessToken).where(AccessToken.id == self.token_id, stale)
        db.session.execute(mine.values(last_used_at=now))


def digest(secret: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
