"""Requests that may be sent again: what each has made, for a day."""

from datetime import datetime, timedelta

from sqlalchemy import Delete, ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model, db
from .follow import insert_once
from .types import UTCDateTime, rows_changed, utcnow
from .user import User

KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 255
BATCH = 100


class IdempotencyKey(Model):
    """A name that a program gave to one of its requests, and the id of what it made.

    The row is written before the work, in the same transaction. A second request with the same
    key waits for the first to end: if that committed, there is something to show; if not, there
    never was a first request.
    """

    __tablename__ = "idempotency_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    fingerprint: Mapped[str] = mapped_column(String(64))
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    made_id: Mapped[int | None]

    __table_args__ = (
        Index("ix_idempotency_keys_user_key", "user_id", "key", unique=True),
        Index("ix_idempotency_keys_oldest", "timestamp"),
    )

    def __repr__(self) -> str:
        return f"<IdempotencyKey {self.id}>"

    @classmethod
    def take(cls, user: User, key: str, fingerprint: str) -> "tuple[IdempotencyKey, bool]":
        """Return the row of `key`, and whether it is new; forget what was sent long ago.

        This must be the first thing that a transaction does: SQLite lets nobody write who has
        read what another has changed since.
        """
        row = {
            "user_id": user.id,
            "key": key,
            "fingerprint": fingerprint,
            "timestamp": utcnow(),
        }
        mine = (cls.user_id == user.id) & (cls.key == key)
        db.session.execute(delete(cls).where(mine, cls.timestamp <= utcnow() - KEPT_FOR))
        db.session.execute(cls._oldest())
        is_new = rows_changed(db.session.execute(insert_once(cls).values(row))) == 1
        return db.session.scalars(select(cls).where(mine)).one(), is_new

    @classmethod
    def _oldest(cls) -> Delete:
        """Return what forgets some of everybody's old rows, but those that others forget now."""
        old = select(cls.id).where(cls.timestamp <= utcnow() - KEPT_FOR).limit(BATCH)
        return delete(cls).where(cls.id.in_(old.with_for_update(skip_locked=True)))
