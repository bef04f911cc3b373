"""What a database says when it cannot do its work now, told from what our own bugs make it say.

These are functions of exceptions alone and know no application.
"""

import logging
import re
import sqlite3
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted

LONGEST_STATEMENT = 200  # characters of it that are worth a place in the log

# What SQLite and PostgreSQL say when the migrations have not run. (A database or a role that
# does not exist is another matter.)
NO_TABLES = re.compile(r"no such (table|column)|(relation|column) \S+ does not exist")


class Failure(NamedTuple):
    """Why the database did not do what it was asked; `level` is one of logging's."""

    level: int
    words: str
    advice: str = "Try again."


AWAY = Failure(
    logging.ERROR, "The database did not answer", "Look whether it runs, and at DATABASE_URL."
)
BUSY = Failure(
    logging.ERROR,
    "All connections to the database were busy for DATABASE_POOL_TIMEOUT",
    "See what holds them, or raise DATABASE_POOL_SIZE.",
)
FULL = Failure(logging.ERROR, "The database has no room left", "Free some on its disk.")
OLD = Failure(
    logging.ERROR, "The database lacks tables or columns of this release", "Run: flask deploy."
)
READ_ONLY = Failure(
    logging.ERROR, "The database takes no changes", "Look whether it is a copy, or may be written."
)
SLOW = Failure(
    logging.ERROR, "A statement took longer than DATABASE_STATEMENT_TIMEOUT", "See what it does."
)
FORGOTTEN = Failure(logging.ERROR, "A transaction was left open for too long", "See what did so.")
LOCKED = Failure(logging.WARNING, "A statement waited too long for a lock")
CROSSED = Failure(logging.WARNING, "Two transactions were in each other's way")

# https://www.postgresql.org/docs/current/errcodes-appendix.html
SQLSTATES = {
    "25006": READ_ONLY,
    "25P03": FORGOTTEN,
    "40001": CROSSED,
    "40P01": CROSSED,
    "42703": OLD,
    "42P01": OLD,
    "53100": FULL,
    "55P03": LOCKED,
    "57014": SLOW,
}
SQLITE = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_CORRUPT: AWAY,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_NOTADB: AWAY,
    sqlite3.SQLITE_READONLY: READ_ONLY,
}


def failure(error: BaseException | None) -> Failure | None:
    """Return why the database could not do its work; None if `error` tells of a bug of ours."""
    if isinstance(error, PoolExhausted):
        return BUSY
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        return _failure_of_sqlite(error.orig)
    known = SQLSTATES.get(getattr(error.orig, "pgcode", None) or "")
    is_away = isinstance(error, OperationalError) or error.connection_invalidated
    return known or (AWAY if is_away else None)


def one_line(error: Exception) -> str:
    """Return what happened, without the statement and the advice of the library."""
    words = str(getattr(error, "orig", None) or error).strip()
    first = words.partition("\n")[0].partition(" (Background on this error")[0]
    known = isinstance(error, SQLAlchemyError | OSError)
    return first if known and first else f"{type(error).__name__}: {first}"


def statement_of(error: BaseException) -> str:
    """Return the beginning of the statement that failed, in one line and without values."""
    statement = " ".join((getattr(error, "statement", None) or "").split())
    return statement[:LONGEST_STATEMENT]


def _failure_of_sqlite(error: sqlite3.Error) -> Failure | None:
    """SQLite calls a missing table and a statement with a bug by the same code."""
    if NO_TABLES.search(str(error)):
        return OLD
    if not isinstance(error, sqlite3.OperationalError | sqlite3.DatabaseError):
        return None
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    is_away = isinstance(error, sqlite3.OperationalError) and code != sqlite3.SQLITE_ERROR
    return SQLITE.get(code) or (AWAY if is_away else None)
