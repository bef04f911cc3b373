"""Types shared by the models: UTC timestamps, queries for plain columns, and their pages."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, TypeAlias

from sqlalchemy import DateTime, Dialect, Integer, Select, bindparam, tuple_
from sqlalchemy.types import TypeDecorator

# A query for columns instead of entities; the function that returns one names the columns.
Rows: TypeAlias = Select[*tuple[Any, ...]]


def utcnow() -> datetime:
    """Return the current time, timezone-aware, in UTC."""
    return datetime.now(UTC)


class UTCDateTime(TypeDecorator[datetime]):
    """A timezone-aware datetime in UTC, also on SQLite; raises ValueError for naive ones."""

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


@dataclass(frozen=True)
class Slice:
    """The rows of a page: `limit` after or before a timestamp and id, or else the newest."""

    after: tuple[datetime, int] | None
    before: tuple[datetime, int] | None
    limit: int

    def of(self, rows: Rows, limit: int | None = None) -> Rows:
        """Return the slice of `rows`, which have the columns `timestamp` and `id`."""
        timestamp, row_id = rows.selected_columns["timestamp"], rows.selected_columns["id"]
        key = tuple_(timestamp, row_id)
        if self.after is not None:
            rows = rows.where(key > self.after).order_by(timestamp.asc(), row_id.asc())
        else:
            rows = rows.where(key < self.before) if self.before is not None else rows
            rows = rows.order_by(timestamp.desc(), row_id.desc())
        return rows.limit(limit or self.limit)

    @classmethod
    def with_parameters(cls, after: bool, before: bool, limit: int) -> "Slice":
        """Return a slice after or before the parameters `timestamp` and `row_id`."""
        cursor: Any = tuple_(
            bindparam("timestamp", type_=UTCDateTime), bindparam("row_id", type_=Integer)
        )
        return cls(cursor if after else None, cursor if before else None, limit)

    def query(self, build: "Callable[[bool, bool, int], Rows]", values: dict[str, Any]) -> "Query":
        """Return what `build` returns for a slice of this kind, and its parameters."""
        statement = build(self.after is not None, self.before is not None, self.limit)
        timestamp, row_id = self.after or self.before or (None, None)
        return statement, {**values, "timestamp": timestamp, "row_id": row_id}


# A statement and its parameters.
Query = tuple[Rows, dict[str, Any]]


def slices(rows: Rows, **values: int) -> Callable[[Slice], Query]:
    """Return a function that returns a slice of the `rows` whose columns have these values.

    `rows` is the same object for each request: statements are kept with it, since building one
    takes a tenth of the time of a page.
    """
    build = partial(_build_slice, rows, tuple(values))
    return lambda page: page.query(build, values)


@lru_cache
def _build_slice(
    rows: Rows, names: tuple[str, ...], after: bool, before: bool, limit: int
) -> Rows:
    columns = rows.selected_columns
    conditions = [columns[name] == bindparam(name, type_=columns[name].type) for name in names]
    return Slice.with_parameters(after, before, limit).of(rows.where(*conditions))
