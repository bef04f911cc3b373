"""Timeouts that differ from the configured ones: for health checks and for commands."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError

from ..extensions import db

MIN_CONNECT_TIMEOUT = 2  # seconds; libpq treats 1 as 2

# What a query with a timeout raises. psycopg2 cannot decode a refusal in Latin-1, for example.
QUERY_ERRORS = (SQLAlchemyError, TimeoutError, UnicodeDecodeError)


def unpooled_engine(url: URL, timeout: float) -> Engine:
    """Return an engine outside the pool, so that an exhausted pool does not fail health checks.

    It connects on first use, and closes each connection after use. `timeout` is for connecting and
    for each statement, in seconds.
    """
    connect_timeout = max(MIN_CONNECT_TIMEOUT, math.ceil(timeout))
    is_postgresql = url.get_backend_name() == "postgresql"
    options = {"connect_timeout": connect_timeout} if is_postgresql else {"timeout": timeout}
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=options)
    event.listen(engine, "begin", lambda connection: set_statement_timeout(connection, timeout))
    return engine


def set_statement_timeout(connection: Connection, seconds: float) -> None:
    """Limit each statement of this transaction. SQLite has no such limit."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL statement_timeout = {math.ceil(seconds * 1000)}"))


@contextmanager
def without_timeouts() -> Iterator[None]:
    """Run the session's transactions without these timeouts: for command-line commands."""
    event.listen(db.session, "after_begin", _remove_timeouts)
    try:
        yield
    finally:
        event.remove(db.session, "after_begin", _remove_timeouts)


def remove_timeouts(connection: Connection) -> None:
    """Let the statements of this transaction, and the pauses between them, take any time."""
    # SET LOCAL: the connection returns to the pool with the configured timeouts.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def _remove_timeouts(_session: Any, _transaction: Any, connection: Connection) -> None:
    remove_timeouts(connection)
