"""Classify database errors: operational problems on one side, bugs on the other."""

import logging
import re
import sqlite3
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

MAX_STATEMENT_LENGTH = 200  # characters, in the log

# What SQLite and PostgreSQL say before the migrations have run. A missing database or role is a
# different error.
MISSING_TABLE = re.compile(r"no such (table|column)|(relation|column) \S+ does not exist")


class ErrorKind(NamedTuple):
    """A kind of operational error: what happened, what to do, and its log level."""

    message: str
    hint: str = "Try again."
    level: int = logging.ERROR


UNREACHABLE = ErrorKind("The database is unreachable", "Check that it runs, and DATABASE_URL.")
POOL_EXHAUSTED = ErrorKind(
    "No database connection became free within DATABASE_POOL_TIMEOUT",
    "Find out what holds the connections, or raise DATABASE_POOL_SIZE.",
)
DISK_FULL = ErrorKind("The database's disk is full", "Free some disk space.")
SCHEMA_OUTDATED = ErrorKind("The database schema is outdated", "Run: flask deploy.")
READ_ONLY = ErrorKind(
    "The database is read-only", "Check whether it is a replica, or the file's permissions."
)
NOT_PERMITTED = ErrorKind(
    "The database role lacks a privilege", "Check its grants, and whether the plan is full."
)
STATEMENT_TIMEOUT = ErrorKind(
    "A statement exceeded DATABASE_STATEMENT_TIMEOUT", "Check the query."
)
IDLE_IN_TRANSACTION = ErrorKind(
    "A transaction was idle for too long", "Find out what kept it open."
)
LOCK_TIMEOUT = ErrorKind("A statement waited too long for a lock", level=logging.WARNING)
SERIALIZATION_CONFLICT = ErrorKind("Two transactions conflicted", level=logging.WARNING)

# https://www.postgresql.org/docs/current/errcodes-appendix.html
SQLSTATES = {
    "25006": READ_ONLY,
    "25P03": IDLE_IN_TRANSACTION,
    "40001": SERIALIZATION_CONFLICT,
    "40P01": SERIALIZATION_CONFLICT,
    "42501": NOT_PERMITTED,
    "42703": SCHEMA_OUTDATED,
    "42P01": SCHEMA_OUTDATED,
    "53100": DISK_FULL,
    "55P03": LOCK_TIMEOUT,
    "57014": STATEMENT_TIMEOUT,
}
SQLITE_CODES = {
    sqlite3.SQLITE_BUSY: LOCK_TIMEOUT,
    sqlite3.SQLITE_CORRUPT: UNREACHABLE,
    sqlite3.SQLITE_FULL: DISK_FULL,
    sqlite3.SQLITE_LOCKED: LOCK_TIMEOUT,
    sqlite3.SQLITE_NOTADB: UNREACHABLE,
    sqlite3.SQLITE_READONLY: READ_ONLY,
}


def classify(error: BaseException | None) -> ErrorKind | None:
    """Return the kind of an operational database error, or None if `error` is a bug."""
    if isinstance(error, PoolTimeout):
        return POOL_EXHAUSTED
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        return _classify_sqlite(error.orig)
    kind = SQLSTATES.get(getattr(error.orig, "pgcode", None) or "")
    is_unreachable = isinstance(error, OperationalError) or error.connection_invalidated
    return kind or (UNREACHABLE if is_unreachable else None)


def summary(error: BaseException) -> str:
    """Return the first line of the driver's message, without SQLAlchemy's statement and link."""
    message = str(getattr(error, "orig", None) or error).strip()
    line = message.partition("\n")[0].partition(" (Background on this error")[0]
    is_operational = isinstance(error, SQLAlchemyError | OSError)
    return line if is_operational and line else f"{type(error).__name__}: {line or 'no message'}"


def failed_statement(error: BaseException) -> str:
    """Return the statement that failed, on one line, shortened and without parameters."""
    statement = " ".join((getattr(error, "statement", None) or "").split())
    return statement[:MAX_STATEMENT_LENGTH]


def _classify_sqlite(error: sqlite3.Error) -> ErrorKind | None:
    # SQLITE_ERROR is both a missing table and invalid SQL.
    if MISSING_TABLE.search(str(error)):
        return SCHEMA_OUTDATED
    if not isinstance(error, sqlite3.DatabaseError):
        return None
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    is_operational = isinstance(error, sqlite3.OperationalError) and code != sqlite3.SQLITE_ERROR
    return SQLITE_CODES.get(code) or (UNREACHABLE if is_operational else None)
