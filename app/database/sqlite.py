"""SQLite: the pragmas of every connection.

Delete this module if you only use PostgreSQL.
"""

import sqlite3
from typing import Any

from sqlalchemy import Engine, event

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
            connection.execute(f"PRAGMA {pragma}")
