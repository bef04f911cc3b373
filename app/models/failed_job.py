"""Jobs that failed: those that will be tried again, and those that somebody must look at."""

import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ColumnElement, Index, Select, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model
from .claims import Claimed
from .types import UTCDateTime, utcnow

FIRST_PAUSE = timedelta(seconds=15)
GROWTH = 3
MOST_ATTEMPTS = 6  # within half an hour, about


class FailedJob(Claimed, Model):
    """A job that failed at `failed_at`, for the last time so far.

    It is tried again at `retry_at`; where that is null, it has been given up.
    """

    __tablename__ = "failed_jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    arguments: Mapped[list[Any]] = mapped_column(JSON)
    failed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    retry_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    last_error: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index("ix_failed_jobs_retry_at", "retry_at"),)

    def __repr__(self) -> str:
        return f"<FailedJob {self.id} {self.name}>"

    @classmethod
    def oldest_first(cls) -> "Select[FailedJob]":
        """Return every failed job."""
        return select(cls).order_by(cls.id)

    @classmethod
    def due(cls) -> "Select[FailedJob]":
        """Return the jobs that it is time to try again, and that nobody does now."""
        return select(cls).where(cls.is_due(), cls.is_free()).order_by(cls.retry_at, cls.id)

    @classmethod
    def is_due(cls) -> ColumnElement[bool]:
        """Return the condition that it is time to try again."""
        return cls.retry_at <= utcnow()

    @property
    def is_given_up(self) -> bool:
        """Whether nobody will try again without being asked to."""
        return self.retry_at is None

    def mark_failed(self, reason: str) -> None:
        """Note a failure, and when to try again, if ever."""
        self.attempts = (self.attempts or 0) + 1
        self.failed_at, self.last_error, self.claimed_until = utcnow(), reason, None
        # Some chance in it, so that jobs that failed together do not come back together.
        pause = FIRST_PAUSE * GROWTH ** (self.attempts - 1) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
        self.retry_at = utcnow() + pause if self.attempts < MOST_ATTEMPTS else None
