"""Operational database errors are distinguished from bugs."""

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.database import errors
from app.database.errors import classify, failed_statement, summary


class PostgresError(Exception):
    """An error with a SQLSTATE, as psycopg2 raises it."""

    def __init__(self, pgcode: str | None) -> None:
        super().__init__("it failed")
        self.pgcode = pgcode


def sqlite_error(code: int, message: str = "it failed") -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    return error


def wrapped(
    original: Exception, kind: type[DBAPIError] = OperationalError, lost: bool = False
) -> DBAPIError:
    return kind("SELECT 1", {}, original, connection_invalidated=lost)


POSTGRESQL = {
    "read only": (wrapped(PostgresError("25006"), DBAPIError), errors.READ_ONLY),
    "idle": (wrapped(PostgresError("25P03"), DBAPIError), errors.IDLE_IN_TRANSACTION),
    "serialization": (wrapped(PostgresError("40001")), errors.SERIALIZATION_CONFLICT),
    "deadlock": (wrapped(PostgresError("40P01")), errors.SERIALIZATION_CONFLICT),
    "no privilege": (wrapped(PostgresError("42501"), ProgrammingError), errors.NOT_PERMITTED),
    "no column": (wrapped(PostgresError("42703"), ProgrammingError), errors.SCHEMA_OUTDATED),
    "no table": (wrapped(PostgresError("42P01"), ProgrammingError), errors.SCHEMA_OUTDATED),
    "disk full": (wrapped(PostgresError("53100")), errors.DISK_FULL),
    "lock": (wrapped(PostgresError("55P03")), errors.LOCK_TIMEOUT),
    "statement": (wrapped(PostgresError("57014")), errors.STATEMENT_TIMEOUT),
    "no server": (wrapped(PostgresError(None)), errors.UNREACHABLE),
    "lost": (wrapped(PostgresError(None), DBAPIError, lost=True), errors.UNREACHABLE),
    "other": (wrapped(PostgresError("23505"), IntegrityError), None),
    "syntax": (wrapped(PostgresError("42601"), ProgrammingError), None),
}
SQLITE = {
    "busy": (wrapped(sqlite_error(sqlite3.SQLITE_BUSY)), errors.LOCK_TIMEOUT),
    "busy snapshot": (wrapped(sqlite_error(sqlite3.SQLITE_BUSY | 2 << 8)), errors.LOCK_TIMEOUT),
    "locked": (wrapped(sqlite_error(sqlite3.SQLITE_LOCKED)), errors.LOCK_TIMEOUT),
    "full": (wrapped(sqlite_error(sqlite3.SQLITE_FULL)), errors.DISK_FULL),
    "corrupt": (wrapped(sqlite_error(sqlite3.SQLITE_CORRUPT)), errors.UNREACHABLE),
    "not a database": (wrapped(sqlite_error(sqlite3.SQLITE_NOTADB)), errors.UNREACHABLE),
    "read only": (wrapped(sqlite_error(sqlite3.SQLITE_READONLY)), errors.READ_ONLY),
    "cannot open": (wrapped(sqlite_error(sqlite3.SQLITE_CANTOPEN)), errors.UNREACHABLE),
    "no table": (wrapped(sqlite_error(1, "no such table: users")), errors.SCHEMA_OUTDATED),
    "syntax": (wrapped(sqlite_error(1, 'near "SELEC": syntax error')), None),
    "constraint": (wrapped(sqlite3.IntegrityError("UNIQUE"), IntegrityError), None),
    "usage": (wrapped(sqlite3.InterfaceError("bad parameter"), DBAPIError), None),
}
OTHER: dict[str, tuple[BaseException | None, errors.ErrorKind | None]] = {
    "pool": (PoolTimeout("QueuePool limit"), errors.POOL_EXHAUSTED),
    "bug": (KeyError("name"), None),
    "nothing": (None, None),
}


def test_errors_are_classified() -> None:
    for cases in (POSTGRESQL, SQLITE, OTHER):
        for name, (error, kind) in cases.items():
            assert classify(error) is kind, name


def test_summary_is_one_line_without_the_statement() -> None:
    assert summary(wrapped(Exception("server closed\nmore"))) == "server closed"
    assert summary(PoolTimeout("limit reached (Background on this error at: x)")) == (
        "limit reached"
    )
    assert summary(wrapped(Exception(""))) == "OperationalError: no message"
    assert summary(OSError("no route")) == "no route"
    assert summary(ValueError("bad")) == "ValueError: bad"


def test_failed_statement_is_shortened_to_one_line() -> None:
    error = OperationalError("SELECT 1,\n  2", {"id": "secret"}, Exception())
    long = OperationalError("x" * 1000, {}, Exception())

    assert failed_statement(error) == "SELECT 1, 2"
    assert len(failed_statement(long)) == errors.MAX_STATEMENT_LENGTH
    assert failed_statement(KeyError()) == ""
