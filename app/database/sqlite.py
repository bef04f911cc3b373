"""SQLite: the pragmas of every connection, and ids that are not reused.

Delete this module if you only use PostgreSQL.
"""

import sqlite3
from typing import Any

from sqlalchemy import Engine, Table, event

PRAGMAS = (
    "foreign_keys = ON",  # off by default; ON DELETE depends on it
    "journal_mode = WAL",  # readers and the writer do not block each other
    "synchronous = NORMAL",  # safe with WAL
    "busy_timeout = 5000",  # milliseconds that a second writer waits
)


@event.listens_for(Engine, "connect")
def set_pragmas(connection: Any, _record: Any) -> None:
    """Run PRAGMAS if `connection` is a SQLite connection."""
    if isinstance(connection, sqlite3.Connection):
        for pragma in PRAGMAS:
            try:
                connection.execute(f"PRAGMA {pragma}")
            except sqlite3.OperationalError as error:  # a read-only file keeps its journal mode
                if error.sqlite_errorcode != sqlite3.SQLITE_READONLY:
                    raise


@event.listens_for(Table, "before_create")
def set_autoincrement(table: Table, *_args: Any, **_options: Any) -> None:
    """Never reuse the id of a deleted row, as on PostgreSQL: URLs, keys and jobs contain ids.

    This includes the tables that migrations create, and copy to alter them.
    """
    table.dialect_options["sqlite"]["autoincrement"] = True
