"""Statements that work the same on PostgreSQL and SQLite."""

from typing import Any

from sqlalchemy import CursorResult, Result, update
from sqlalchemy.dialects import postgresql, sqlite

from ..extensions import db


def rows_changed(result: Result[Any]) -> int:
    """Return the number of rows that an INSERT, UPDATE or DELETE affected."""
    return result.rowcount if isinstance(result, CursorResult) else 0


def insert_or_ignore(table: Any) -> Any:
    """Return an INSERT into `table` that does nothing if the row exists."""
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()


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
