"""The outbox: every letter the site has promised, and whether it went out."""

from datetime import datetime

from sqlalchemy import Delete, Index, Select, String, Text, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model
from .types import UTCDateTime, utcnow


class Letter(Model):
    """A letter, written in the same transaction as what it speaks of, delivered after it."""

    __tablename__ = "letters"

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(255))
    body_text: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index("ix_letters_waiting", "sent_at", "id"),)

    def __repr__(self) -> str:
        return f"<Letter {self.id} to {self.recipient!r}>"

    @classmethod
    def waiting(cls) -> "Select[Letter]":
        """Return the letters that have not gone out, oldest first."""
        return select(cls).where(cls.sent_at.is_(None)).order_by(cls.id)

    @classmethod
    def delivered_before(cls, moment: datetime) -> Delete:
        """Return what deletes the letters that were delivered before `moment`."""
        return delete(cls).where(cls.sent_at < moment)

    def mark_sent(self) -> None:
        """Note that the mail server took the letter. Its text has done its work: links in it
        are secrets, so it is forgotten."""
        self.attempts += 1
        self.sent_at, self.last_error = utcnow(), None
        self.body_text = self.body_html = ""

    def mark_failed(self, reason: str) -> None:
        """Note why the letter did not go out; it will be tried again."""
        self.attempts += 1
        self.last_error = reason
