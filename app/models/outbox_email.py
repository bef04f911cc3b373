"""The transactional outbox: every email of the site, and whether it was sent."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, Select, String, Text, select, text
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model
from .statements import delete_older
from .types import Rows, UTCDateTime, utcnow
from .user import User

FIRST_DELAY = timedelta(seconds=15)
MAX_DELAY = timedelta(hours=1)
BACKOFF_FACTOR = 4
MAX_PERMANENT_ERRORS = 6  # about an hour and a half of SMTP 5xx replies
MAX_AGE = timedelta(days=5)  # of an email that gets SMTP 4xx replies


def _partial_index(name: str, column: str, condition: str) -> Index:
    where: Any = text(condition)
    options = {"postgresql_where": where, "sqlite_where": where}
    return Index(f"ix_outbox_emails_{name}", column, **options)


class OutboxEmail(Model):
    """An email, written in the transaction that causes it and sent by a job after the commit.

    `attempts` counts how often it was offered to a mail server.
    """

    __tablename__ = "outbox_emails"

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(255))
    body_text: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    discarded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)
    unsubscribe_url: Mapped[str | None] = mapped_column(Text)  # demo-only

    __table_args__ = (
        Index("ix_outbox_emails_unsent", "sent_at", "id"),
        Index("ix_outbox_emails_recipient", "recipient", "created_at", "id"),
        _partial_index("pending", "id", "sent_at IS NULL AND discarded_at IS NULL"),
        _partial_index("discarded", "discarded_at", "discarded_at IS NOT NULL"),
    )

    @classmethod
    def unsent(cls) -> "Select[OutboxEmail]":
        """Return the emails that were not sent, discarded ones included, oldest first."""
        return select(cls).where(cls.sent_at.is_(None)).order_by(cls.id)

    @classmethod
    def pending(cls) -> "Select[OutboxEmail]":
        """Return the emails that are still to be sent, oldest first."""
        return cls.unsent().where(cls.discarded_at.is_(None))

    @classmethod
    def rows_to(cls, user: User) -> Rows:
        """Return id, timestamp, subject and sent_at of the emails to the address of `user`."""
        columns = cls.id, cls.created_at.label("timestamp"), cls.subject, cls.sent_at
        return select(*columns).where(cls.recipient == user.email)

    @classmethod
    def prune(cls, before: datetime) -> Iterator[int]:
        """Delete the emails sent or discarded before `before`; see `delete_older()`."""
        yield from delete_older(cls.sent_at, before)
        yield from delete_older(cls.discarded_at, before)

    def mark_sent(self) -> None:
        """Record the delivery and erase the body: links in it are secrets."""
        self.attempts += 1
        self.sent_at, self.last_error, self.discarded_at = utcnow(), None, None
        self.body_text = self.body_html = ""
        self.unsubscribe_url = None  # demo-only

    def mark_failed(self, reason: str, *, permanent: bool = False) -> timedelta:
        """Record an SMTP error; return the delay until the next attempt, or discard the email."""
        self.attempts += 1
        self.last_error = reason
        is_refused = permanent and self.attempts >= MAX_PERMANENT_ERRORS
        is_expired = utcnow() - self.created_at > MAX_AGE
        self.discarded_at = utcnow() if is_refused or is_expired else None
        factor: int = BACKOFF_FACTOR ** min(self.attempts - 1, 10)
        return min(FIRST_DELAY * factor, MAX_DELAY)
