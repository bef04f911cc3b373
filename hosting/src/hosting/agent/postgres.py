"""The app's own PostgreSQL: a unit of its user, reached through a socket in its directory.

The app's role owns its database and nothing else. `postgres`, the superuser, is for the agent.
"""

import shutil
from pathlib import Path

from .paths import App, CommandError, call, write

PROGRAMS = Path("/usr/lib/postgresql")  # of Debian: one directory for each version
# Database, role, method. `owner` lets the app's user connect as `postgres`.
ACCESS = "local all postgres peer map=owner\nlocal all {0} peer\n"


def initialize(app: App) -> None:
    """Create the data directory, unless it exists."""
    data, new = app.root / "postgres/data", app.root / "postgres/new"
    if data.is_dir():
        return
    installed = sorted(PROGRAMS.glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]))
    if not installed:
        raise CommandError("PostgreSQL is not installed. Run `hosting setup` with --postgres.")
    shutil.rmtree(new, ignore_errors=True)  # of an interrupted setup
    options = ["--username=postgres", "--auth=peer", "--encoding=UTF8", "--locale=C.UTF-8"]
    call([str(installed[-1]), *options, f"--pgdata={new}"])
    write(new / "pg_hba.conf", ACCESS.format(f'"{app.name}"'))
    write(new / "pg_ident.conf", f'owner "{app.name}" postgres\n')
    new.rename(data)


def create_database(app: App) -> None:
    """Create the app's role and database, unless they exist. PostgreSQL must be running."""
    if app.name not in psql(app, "SELECT rolname FROM pg_roles"):
        psql(app, f'CREATE ROLE "{app.name}" LOGIN')
    if app.name not in psql(app, "SELECT datname FROM pg_database"):
        psql(app, f'CREATE DATABASE "{app.name}" OWNER "{app.name}"')


def psql(app: App, sql: str, database: str = "postgres") -> list[str]:
    """Run SQL as the superuser; return the lines of the result."""
    command = ["psql", "--no-psqlrc", "-qAt", *connection(app, database), f"--command={sql}"]
    return call(command).splitlines()


def connection(app: App, database: str) -> list[str]:
    """Return the options of PostgreSQL programs that connect as the superuser."""
    return [f"--host={app.root}/postgres", "--username=postgres", f"--dbname={database}"]
