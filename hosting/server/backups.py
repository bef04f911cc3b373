"""Dumps of the database: made daily, before every restore and before the end; each is read."""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from . import settings
from .places import App, Misused, Refused, call
from .table import table

KEPT = 14
EMPTY = "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public"
# Readers must not queue behind us; and what psql says first shall be what is wrong.
OPTIONS = "-c lock_timeout=10s -c client_min_messages=warning"


def command(app: App, words: list[str]) -> int:
    """`backup create`, `backup list`, `backup restore NAME --yes`."""
    os.umask(0o077)
    match words:
        case ["create"]:
            print(create(app))
            for old in files(app)[:-KEPT]:
                old.unlink(missing_ok=True)
        case ["list"]:
            rows = [[file.name, str(file.stat().st_size)] for file in files(app)]
            print(table(rows), end="")
        case ["restore", _name]:
            raise Misused("This replaces all data. Say --yes if that is meant.")
        case ["restore", name, "--yes"]:
            chosen = [file for file in files(app) if file.name == name]
            if not chosen:
                raise Refused("There is no such backup. `hosting backup list` names all.")
            restore(app, chosen[0])
        case _:
            raise Misused("Say what to do: hosting backup create, list or restore NAME.")
    return 0


def daily(app: App) -> int:
    """Make today's backup, if there is a database to be backed up here."""
    try:
        database(app)
    except Refused as error:
        print(error)
        return 0
    return command(app, ["create"])


def files(app: App) -> list[Path]:
    """Return the backups that are whole, the oldest first."""
    return sorted(app.backups.glob("[!.]*.dump"))


def database(app: App) -> str:
    """Return the address of the database, as PostgreSQL's own programs take it."""
    variables = app.site()["variables"] | settings.values(settings.read(app.settings))
    address = str(variables.get("DATABASE_URL", ""))
    if not address.startswith("postgres"):
        raise Refused(
            "DATABASE_URL is no PostgreSQL: what it is must be backed up in its own way."
        )
    return address


def create(app: App) -> str:
    """Dump the database into a file, read that back, and return its name."""
    # To the millionth of a second: none may ever take the place of another.
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z.dump"
    new = app.backups / f".{name}"
    try:
        postgres(app, ["pg_dump", "--format=custom", "--file", str(new)])
        call(["pg_restore", "--file=/dev/null", str(new)])
        new.rename(app.backups / name)
    finally:
        new.unlink(missing_ok=True)
    app.audit(f"backup: {name}")
    return name


def restore(app: App, file: Path) -> None:
    """Put a backup in place of all that is in the database: all of it, or nothing.

    Tables that are newer than the backup go, too: migrations make them again.
    """
    print(f"What there is now was kept: {create(app)}")
    sql = file.with_suffix(".sql")
    try:
        call(["pg_restore", "--no-owner", "--file", str(sql), str(file)])
        quiet = ["--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
        both = [f"--command={EMPTY}", f"--file={sql}"]
        postgres(app, ["psql", "--no-psqlrc", *quiet, *both])
    finally:
        sql.unlink(missing_ok=True)
    app.audit(f"restore: {file.name}")
    print(f"The database is that of {file.name}.")


def postgres(app: App, command: list[str]) -> None:
    """Run a program of PostgreSQL's. Its password goes by the environment, which is ours."""
    known = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LANG": "C.UTF-8",
        "PGOPTIONS": OPTIONS,
    }
    environment = known | pieces(database(app))
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise Refused(
            f"{command[0]} is not installed on the server: apt-get install postgresql-client"
        ) from None
    if done.returncode:
        last = [*done.stderr.strip().splitlines(), "it said nothing"][0]
        raise Refused(f"{command[0]} failed, and nothing was changed: {last}")


def pieces(address: str) -> dict[str, str]:
    """Return a database's address as the variables that PostgreSQL's programs read."""
    split = urlsplit(address)
    host = parse_qs(split.query).get("host", [split.hostname or ""])[0]
    found = {
        "PGHOST": host,
        "PGPORT": str(split.port or ""),
        "PGUSER": unquote(split.username or ""),
        "PGPASSWORD": unquote(split.password or ""),
        "PGDATABASE": split.path.strip("/"),
    }
    return {name: value for name, value in found.items() if value}
