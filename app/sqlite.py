"""What SQLite has to be told on every connection to behave like a database server.

Delete this file when you run on PostgreSQL alone.
"""

import sqlite3
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event

PRAGMAS = (
    "foreign_keys = ON",  # off unless asked for, and ON DELETE depends on it
    "journal_mode = WAL",  # readers and a writer do not wait for one another
    "synchronous = NORMAL",  # safe with WAL
    "busy_timeout = 5000",  # milliseconds that a second writer waits
)


def init_app(_app: Flask) -> None:
    """Watch for connections to SQLite; once is enough for all applications of a process."""
    if not event.contains(Engine, "connect", set_pragmas):
        event.listen(Engine, "connect", set_pragmas)


def set_pragmas(connection: Any, _record: Any) -> None:
    """Set PRAGMAS on a new connection, if it is one to SQLite."""
    if isinstance(connection, sqlite3.Connection):
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
