"""Idempotency keys of API requests, kept for 24 hours."""

from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model, db
from .statements import insert_or_ignore, rows_changed
from .types import UTCDateTime, utcnow
from .user import User

MAX_KEY_LENGTH = 255


class IdempotencyKey(Model):
    """A client's key for one request, and the id of the resource that the request created.

    The row is inserted in the transaction that creates the resource. A second request with the
    same key waits for that transaction: after a commit it finds the resource, after a rollback
    it is the first request.
    """

    __tablename__ = "idempotency_keys"
    TTL: ClassVar = timedelta(hours=24)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(MAX_KEY_LENGTH))
    fingerprint: Mapped[str] = mapped_column(String(64))
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    resource_id: Mapped[int | None]

    __table_args__ = (
        Index("ix_idempotency_keys_user_key", "user_id", "key", unique=True),
        Index("ix_idempotency_keys_oldest", "timestamp"),
    )

    @classmethod
    def get_or_create(
        cls, user: User, key: str, fingerprint: str
    ) -> "tuple[IdempotencyKey, bool]":
        """Return the row of `key`, and True if it was created. A job deletes expired keys.

        Call this first in a transaction: SQLite refuses a write after a read of rows that
        another transaction has changed since.
        """
        now = utcnow()
        is_key = (cls.user_id == user.id) & (cls.key == key)
        db.session.execute(delete(cls).where(is_key, cls.timestamp <= now - cls.TTL))
        row = insert_or_ignore(cls).values(
            user_id=user.id, key=key, fingerprint=fingerprint, timestamp=now
        )
        created = rows_changed(db.session.execute(row)) == 1
        return db.session.scalars(select(cls).where(is_key)).one(), created
