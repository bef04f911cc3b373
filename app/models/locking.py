"""Holding a row, so that it can be compared with what somebody has seen and then changed."""

from typing import Any

from sqlalchemy import update

from ..extensions import db
from .types import rows_changed


def hold(row: Any) -> bool:
    """Keep others from changing `row` until the transaction ends; False if it has gone.

    By writing to it what it holds: SQLite knows no other way, and PostgreSQL locks the row, too.
    Afterwards the row is read anew.
    """
    cls, row_id = type(row), row.id
    same = update(cls).where(cls.id == row_id).values(id=row_id)
    held = rows_changed(db.session.execute(same, execution_options={"synchronize_session": False}))
    if held:
        db.session.refresh(row)
    return held == 1
