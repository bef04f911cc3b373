"""PostgreSQL: the pool size, and timeouts and keepalives on every connection; the encoding.

Timeouts are startup options of the connection (libpq's `options`): they cost no statement, and
ROLLBACK, RESET and DISCARD ALL do not remove them. Poolers such as PgBouncer may reject startup
options: then set DATABASE_STATEMENT_TIMEOUT and DATABASE_LOCK_TIMEOUT to 0 and use ALTER ROLE …
SET statement_timeout.

Delete this module and calls of `encoding_problem` if you only use SQLite.
"""

import math
from collections.abc import Iterator
from typing import Any

from flask import Flask
from flask.config import Config
from sqlalchemy import URL, Connection, make_url, text

IDLE_IN_TRANSACTION_TIMEOUT = 300  # seconds: an abandoned transaction must release its locks

# Detect within seconds that the server's machine is gone, also while a statement is running.
KEEPALIVES = {
    "keepalives_idle": 10,  # seconds
    "keepalives_interval": 5,  # seconds
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}

NOT_UTF8 = (
    "The encoding of the database is {}, not UTF8. Create another one (createdb --encoding UTF8 "
    "--locale C.UTF-8 --template template0 NAME) and copy the data with pg_dump"
)


def init_app(app: Flask) -> None:
    """Set SQLALCHEMY_ENGINE_OPTIONS if the database is PostgreSQL."""
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
    """Return the arguments of psycopg2.connect(); the query string of `url` overrides them."""
    defaults = {
        "application_name": " ".join(filter(None, ("flasky", config["RELEASE"]))),
        "client_encoding": "utf8",  # whatever PGCLIENTENCODING says
        "connect_timeout": config["DATABASE_CONNECT_TIMEOUT"],
        **KEEPALIVES,
    }
    arguments = {name: value for name, value in defaults.items() if name not in url.query}
    options = [*_timeout_options(config), *url.normalized_query.get("options", ())]
    return {**arguments, "options": " ".join(options)} if options else arguments


def encoding_problem(connection: Connection) -> str | None:
    """Return why the database cannot store every text, or None if it can."""
    if connection.dialect.name != "postgresql":
        return None
    encoding = connection.scalar(text("SHOW server_encoding"))
    return None if encoding == "UTF8" else NOT_UTF8.format(encoding)


def _timeout_options(config: Config) -> Iterator[str]:
    statement, lock = config["DATABASE_STATEMENT_TIMEOUT"], config["DATABASE_LOCK_TIMEOUT"]
    if statement or lock:
        # In milliseconds, rounded up, since 0 means no timeout.
        yield f"-c statement_timeout={math.ceil(statement * 1000)}"
        yield f"-c lock_timeout={math.ceil(lock * 1000)}"
        yield "-c jit=off"  # compiling takes longer than any query of a page
        yield f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_TIMEOUT * 1000}"
