"""Claiming a row: of several processes that want to work on it, one may."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Update, or_, update
from sqlalchemy.orm import Mapped, mapped_column

from .types import UTCDateTime, utcnow


class Claimed:
    """A row that somebody works on until `claimed_until`, if it is set and not over.

    The claim of a process that was killed runs out. No row is locked and no transaction is open
    while the work is done.
    """

    id: Any
    claimed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @classmethod
    def is_free(cls) -> ColumnElement[bool]:
        """Return the condition that nobody works on the row."""
        return or_(cls.claimed_until.is_(None), cls.claimed_until <= utcnow())

    @classmethod
    def claim(cls, row_id: int, seconds: float, *conditions: ColumnElement[bool]) -> Update:
        """Return what claims a row, if it is free and meets the `conditions`.

        Whoever changes one row by it has the claim; the others change none.
        """
        until = utcnow() + timedelta(seconds=seconds)
        free = update(cls).where(cls.id == row_id, cls.is_free(), *conditions)
        return free.values(claimed_until=until).execution_options(synchronize_session=False)
