"""What API tokens and login sessions share: a random secret, stored as a digest."""

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import (
    Any,
    ClassVar,  # demo-only
    Self,
)

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Select,
    String,
    and_,
    bindparam,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model, db
from .notification import Notification  # demo-only
from .statements import delete_batch, rows_changed
from .types import UTCDateTime, utcnow
from .user import User

LAST_USED_INTERVAL = timedelta(minutes=1)


class Credential(Model):
    """A secret that authenticates a user until it expires or their security stamp changes.

    SHA-256 without a salt is enough: a secret has 256 random bits, so there is nothing to guess,
    and the digest is computed for each request.
    """

    __abstract__ = True
    COUNTS_UNREAD: ClassVar = False  # notifications, when the user is loaded; demo-only

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    security_stamp: Mapped[str] = mapped_column(String(32))
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    network: Mapped[str | None] = mapped_column(String(43))

    @classmethod
    def _issue(
        cls, user: User, lifetime: timedelta, prefix: str = "", **columns: Any
    ) -> tuple[Self, str]:
        """Add a row for `user`; return it and its secret. Delete the user's expired rows."""
        cls.delete_expired(user)
        secret = prefix + secrets.token_urlsafe(32)
        row = cls(
            user_id=user.id,
            digest=digest(secret),
            security_stamp=user.security_stamp,
            expires_at=utcnow() + lifetime,
            **columns,
        )
        db.session.add(row)
        return row, secret

    @classmethod
    def delete_expired(cls, user: User) -> None:
        """Delete rows of `user` that are no longer valid, a hundred at most."""
        is_expired = or_(cls.expires_at <= utcnow(), cls.security_stamp != user.security_stamp)
        delete_batch(cls, (cls.user_id == user.id) & is_expired)

    @classmethod
    def authenticate(cls, secret: str) -> tuple[User, Self] | None:
        """Return the user of a valid secret, and its row, or None; one query.

        The row is detached from the session, so that a commit does not expire it.
        """
        values = {"digest": digest(secret), "now": utcnow()}
        found = db.session.execute(user_and_row(cls), values).first()
        if found is None:
            return None
        user, row, *_ = found
        db.session.expunge(row)
        user.unread_count = getattr(found, "unread_count", 0)  # demo-only
        return user, row

    @classmethod
    def is_valid(cls, now: Any) -> ColumnElement[bool]:
        """Return the condition that a row, joined with its user, is valid at the time `now`."""
        is_current = cls.security_stamp == User.security_stamp
        return and_(is_current, cls.expires_at > now, User.suspended_at.is_(None))

    @classmethod
    def revoke(cls, user: User, row_id: int | None = None) -> int:
        """Delete one row of `user`, or all of them; return how many were deleted."""
        rows = delete(cls).where(cls.user_id == user.id)
        if row_id is not None:
            rows = rows.where(cls.id == row_id)
        return rows_changed(db.session.execute(rows))

    def last_used_is_stale(self) -> bool:
        """Return True if `last_used_at` is at least a minute old."""
        return self.last_used_at is None or utcnow() - self.last_used_at >= LAST_USED_INTERVAL

    def record_use(self, network: str | None = None) -> None:
        """Update `last_used_at`, and the `network` it is used from, if `last_used_at` is stale."""
        if self.last_used_is_stale():
            cls = type(self)
            row = update(cls).where(cls.id == self.id)
            db.session.execute(row.values(last_used_at=utcnow(), network=network))


@cache
def user_and_row(model: type[Credential]) -> Select[*tuple[Any, ...]]:
    """Return the query of `authenticate`, with the parameters `digest` and `now`.

    It runs in each request of a user. Building it each time takes longer than executing it.
    """
    columns: tuple[Any, ...] = (User, model)
    # demo-only: begin
    if model.COUNTS_UNREAD:
        columns = (*columns, Notification.unread_count().label("unread_count"))
    # demo-only: end
    return (
        select(*columns)
        .join(User, User.id == model.user_id)
        .where(model.digest == bindparam("digest"), model.is_valid(bindparam("now")))
    )


def digest(secret: str) -> str:
    """Return the SHA-256 digest under which a secret is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
