"""What PostgreSQL is told on every connection, and how many connections there are.

The limits of time travel in the packet that opens a connection (libpq's `options`). There they
cost no statement, no rollback takes them back, and they are what RESET and DISCARD ALL lead back
to. A pooler between us and PostgreSQL knows nothing of them: set both limits to 0, and set them
for the role instead (ALTER ROLE … SET statement_timeout).

Delete this file when you run on SQLite alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask.config import Config
from sqlalchemy import URL, Connection, event, make_url, text

from .extensions import db

# A transaction may stay open while a letter is handed over, which takes a dozen answers of the
# mail server. One that was forgotten must give back its locks at some time.
LONGEST_PAUSE = 300  # seconds
ANSWERS_FOR_A_LETTER = 15

# How soon a server is noticed that has vanished without a word, in the middle of a statement too.
WATCH_THE_LINE = {
    "keepalives_idle": 10,  # seconds
    "keepalives_interval": 5,  # seconds
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}


def init_app(app: Flask) -> None:
    """Set the size of the pool, and limits of time on every connection to PostgreSQL."""
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    if url.get_backend_name() != "postgresql":
        return
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        **app.config["SQLALCHEMY_ENGINE_OPTIONS"],
        "pool_size": app.config["DATABASE_POOL_SIZE"],
        "max_overflow": app.config["DATABASE_POOL_OVERFLOW"],
        "pool_timeout": app.config["DATABASE_POOL_TIMEOUT"],
        "pool_recycle": app.config["DATABASE_POOL_RECYCLE"],
        "connect_args": connect_args(app.config, url),
    }


def connect_args(config: Config, url: URL) -> dict[str, Any]:
    """Return what a connection begins with; what `url` says by itself wins."""
    name = " ".join(filter(None, ("flasky", config["FLASKY_RELEASE"])))
    ours = {
        "application_name": name,
        "connect_timeout": config["DATABASE_CONNECT_TIMEOUT"],
        **WATCH_THE_LINE,
    }
    chosen = {key: value for key, value in ours.items() if key not in url.query}
    options = [*_limits(config), *url.normalized_query.get("options", ())]
    return {**chosen, "options": " ".join(options)} if options else chosen


def _limits(config: Config) -> list[str]:
    """Return the limits of time as arguments of a PostgreSQL server process."""
    statement, lock = config["DATABASE_STATEMENT_TIMEOUT"], config["DATABASE_LOCK_TIMEOUT"]
    if not statement and not lock:
        return []
    pause = max(LONGEST_PAUSE, ANSWERS_FOR_A_LETTER * config["MAIL_TIMEOUT"])
    limits = {
        "statement_timeout": _milliseconds(statement),
        "lock_timeout": _milliseconds(lock),
        "idle_in_transaction_session_timeout": _milliseconds(pause),
    }
    return [f"-c {name}={value}" for name, value in limits.items()]


def _milliseconds(seconds: float) -> int:
    """Return `seconds` in PostgreSQL's unit; the shortest time is not 0, which means for ever."""
    return max(1, round(seconds * 1000)) if seconds else 0


@contextmanager
def without_statement_timeout() -> Iterator[None]:
    """Let statements take as long as they need: for commands, where somebody waits for them."""
    event.listen(db.session, "after_begin", _lift_statement_timeout)
    try:
        yield
    finally:
        event.remove(db.session, "after_begin", _lift_statement_timeout)


def _lift_statement_timeout(_session: Any, _transaction: Any, connection: Connection) -> None:
    """Until this transaction ends: the connection goes back to the pool as it was."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
