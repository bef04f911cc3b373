"""Background jobs: waiting for their time, running, or discarded after too many failures."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model
from .types import UTCDateTime, utcnow


class Job(Model):
    """A call of a registered function. The row is deleted when the call has succeeded.

    A process that runs the job claims it: it sets `claimed_by`, and moves `run_at` ahead while it
    is alive. So the job of a process that was killed becomes due again.
    """

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    arguments: Mapped[list[Any]] = mapped_column(JSON)
    unique_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    run_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=utcnow)
    claimed_by: Mapped[str | None] = mapped_column(String(80))
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index("ix_jobs_due", "name", "run_at"), Index("ix_jobs_run_at", "run_at"))

    @property
    def state(self) -> str:
        """Return discarded, running, retrying or pending."""
        if self.run_at is None:
            return "discarded"
        if self.claimed_by is not None and self.run_at > utcnow():
            return "running"
        return "retrying" if self.last_error is not None else "pending"
