"""Statements that work the same on PostgreSQL and SQLite."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Result,
    ScalarSelect,
    Select,
    delete,
    func,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from ..extensions import db


def rows_changed(result: Result[Any]) -> int:
    """Return the number of rows that an INSERT, UPDATE or DELETE affected."""
    return result.rowcount if isinstance(result, CursorResult) else 0


def count_up_to(rows: Select[Any], limit: int) -> ScalarSelect[int]:
    """Return the number of `rows`, or `limit` + 1 if there are more: no more rows are read."""
    bounded = rows.limit(limit + 1).subquery()
    return select(func.count()).select_from(bounded).scalar_subquery()


def insert_or_ignore(table: Any) -> Any:
    """Return an INSERT into `table` that does nothing if the row exists."""
    return _insert(table).on_conflict_do_nothing()


def insert_or_update(table: Any, key: str, **columns: Any) -> Any:
    """Return an INSERT of `columns` that updates the row with the same value of `key` instead."""
    insert = _insert(table).values(columns)
    return insert.on_conflict_do_update(index_elements=[key], set_=columns)


def delete_batch(
    table: Any, condition: ColumnElement[bool], limit: int = 100, order_by: Any = None
) -> int:
    """Delete up to `limit` rows, except those that others are deleting; return how many."""
    key = inspect(table).primary_key[0]
    batch = select(key).where(condition).order_by(order_by).limit(limit)
    rows = delete(table).where(key.in_(run_once(batch.with_for_update(skip_locked=True))))
    options = {"synchronize_session": False}
    return rows_changed(db.session.execute(rows, execution_options=options))


def run_once(query: Select[Any]) -> Select[Any]:
    """Return `query`, which has a LIMIT and SKIP LOCKED, for use as a subquery of a DELETE.

    PostgreSQL can run a plain subquery once for each row. It would then skip the rows that the
    statement has deleted, and find the next ones: more than the limit would be deleted.
    """
    return select(
        *query.cte("batch", nesting=True).prefix_with("MATERIALIZED", dialect="postgresql").c
    )


def delete_older(
    column: InstrumentedAttribute[Any], before: datetime, limit: int = 1000
) -> Iterator[int]:
    """Delete the rows whose indexed `column` is before a time, oldest first.

    Commit after each batch: the generator deletes up to `limit` rows and yields how many it was,
    until there are no more.
    """
    table = column.class_
    while deleted := delete_batch(table, column < before, limit, order_by=column):
        yield deleted


def _insert(table: Any) -> Any:
    is_postgresql = db.engine.dialect.name == "postgresql"
    return postgresql.insert(table) if is_postgresql else sqlite.insert(table)


def lock_rows(table: Any, row_ids: Iterable[int]) -> None:
    """Lock rows until the transaction ends, in order, which avoids deadlocks; not on SQLite."""
    rows = select(table.id).where(table.id.in_(row_ids)).order_by(table.id)
    # The weaker lock lets others insert rows that refer to these.
    db.session.execute(rows.with_for_update(key_share=True))


def lock_row(row: Any) -> bool:
    """Lock and refresh `row` until the transaction ends; return False if it was deleted.

    A no-op UPDATE instead of SELECT FOR UPDATE, which SQLite lacks.
    """
    cls, row_id = type(row), row.id
    noop = update(cls).where(cls.id == row_id).values(id=row_id)
    result = db.session.execute(noop, execution_options={"synchronize_session": False})
    if not rows_changed(result):
        return False
    db.session.refresh(row)
    return True
