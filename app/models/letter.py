"""The outbox: every letter the site has promised, and whether it went out."""

from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Delete,
    Index,
    Select,
    String,
    Text,
    and_,
    delete,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model
from .claims import Claimed
from .types import UTCDateTime, utcnow

HEAD_START = timedelta(seconds=15)  # for the job, before a sweep looks for the letter
FIRST_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(hours=1)
GROWTH = 4
UNREACHABLE_PAUSE = timedelta(seconds=30)
MOST_REFUSALS = 6  # within an hour and a half, if the server refuses for good
LONGEST_WAIT = timedelta(days=5)  # if the server asks to come back later


def _head_start() -> datetime:
    return utcnow() + HEAD_START


class Letter(Claimed, Model):
    """A letter, written in the same transaction as what it speaks of, delivered after it.

    `attempts` counts how often a mail server was offered it.
    """

    __tablename__ = "letters"

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(255))
    body_text: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=_head_start)
    given_up_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("ix_letters_waiting", "sent_at", "id"),
        Index(
            "ix_letters_due",
            "next_attempt_at",
            sqlite_where=and_(sent_at.is_(None), given_up_at.is_(None)),
            postgresql_where=and_(sent_at.is_(None), given_up_at.is_(None)),
        ),
    )

    def __repr__(self) -> str:
        return f"<Letter {self.id} to {self.recipient!r}>"

    @classmethod
    def unsent(cls) -> "Select[Letter]":
        """Return the letters that have not gone out, oldest first."""
        return select(cls).where(cls.sent_at.is_(None)).order_by(cls.id)

    @classmethod
    def waiting(cls) -> "Select[Letter]":
        """Return the letters that will be tried again, oldest first."""
        return cls.unsent().where(cls.given_up_at.is_(None))

    @classmethod
    def due(cls) -> "Select[Letter]":
        """Return the letters that it is time to try, and that nobody is sending now."""
        mine = select(cls).where(cls.sent_at.is_(None), cls.is_due(), cls.is_free())
        return mine.order_by(cls.next_attempt_at, cls.id)

    @classmethod
    def is_due(cls) -> ColumnElement[bool]:
        """Return the condition that it is time to try. Letters of older releases have no time."""
        is_time = or_(cls.next_attempt_at.is_(None), cls.next_attempt_at <= utcnow())
        return and_(cls.given_up_at.is_(None), is_time)

    @classmethod
    def done_before(cls, moment: datetime) -> Delete:
        """Return what deletes the letters that were delivered or given up before `moment`."""
        return delete(cls).where(or_(cls.sent_at < moment, cls.given_up_at < moment))

    def mark_sent(self) -> None:
        """Note that the mail server took the letter. Its text has done its work: links in it
        are secrets, so it is forgotten."""
        self.attempts += 1
        self.sent_at, self.last_error = utcnow(), None
        self.given_up_at = self.claimed_until = None
        self.body_text = self.body_html = ""

    def mark_failed(self, reason: str, *, for_good: bool = False) -> None:
        """Note that the mail server refused the letter, and when to try again, if ever."""
        self.attempts += 1
        self.last_error, self.claimed_until = reason, None
        pause = FIRST_PAUSE * GROWTH ** min(self.attempts - 1, 10)
        self.next_attempt_at = utcnow() + min(pause, LONGEST_PAUSE)
        is_hopeless = for_good and self.attempts >= MOST_REFUSALS
        is_late = utcnow() - self.created_at > LONGEST_WAIT
        self.given_up_at = utcnow() if is_hopeless or is_late else None

    def postpone(self, reason: str) -> None:
        """Note that there was no server to offer the letter to: no fault of the letter's."""
        self.last_error, self.claimed_until = reason, None
        self.next_attempt_at = utcnow() + UNREACHABLE_PAUSE
