"""Types that several models share; above all times, always UTC and always aware."""

from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import CursorResult, DateTime, Dialect, Result, Select
from sqlalchemy.types import TypeDecorator

# A query for plain columns; the function that returns one says which.
Rows: TypeAlias = Select[*tuple[Any, ...]]


def utcnow() -> datetime:
    """Return this moment, in UTC and aware of it."""
    return datetime.now(UTC)


def rows_changed(result: Result[Any]) -> int:
    """Return how many rows a statement has changed."""
    return result.rowcount if isinstance(result, CursorResult) else 0


class UTCDateTime(TypeDecorator[datetime]):
    """A moment in UTC, on SQLite too, which keeps no zone; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone: use utcnow() or add tzinfo=UTC.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
