"""Database dumps: daily, on demand, before each restore, and before an app is deleted."""

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from . import settings
from .paths import App, CommandError, UsageError, call
from .table import table

KEPT = 14  # in each directory
NAME = re.compile(r"\d{8}T\d{6}[.]\d{6}Z[.]dump")
EMPTY = "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public"
# Queries must not queue behind our locks; the first line of psql's output must be the error.
OPTIONS = "-c lock_timeout=10s -c client_min_messages=warning"


def command(app: App, arguments: list[str]) -> int:
    """`backup create`, `backup list`, `backup restore NAME --yes`."""
    os.umask(0o077)
    match arguments:
        case ["create"]:
            print(create(app))
            prune(app.backups)
        case ["list"]:
            rows = [[file.name, str(file.stat().st_size)] for file in files(app)]
            print(table(rows), end="")
        case ["restore", _name]:
            raise UsageError("This replaces all data in the database. Confirm with --yes.")
        case ["restore", name, "--yes"]:
            chosen = [file for file in files(app) if file.name == name]
            if not chosen:
                raise CommandError("No such backup. List them: hosting backup list")
            restore(app, chosen[0])
        case _:
            raise UsageError("Use hosting backup create, list or restore NAME.")
    return 0


def daily(app: App) -> int:
    """Create a backup if the app has a PostgreSQL database."""
    try:
        database(app)
    except CommandError as error:
        print(error)
        return 0
    return command(app, ["create"])


def keep(app: App) -> int:
    """Create a backup as the app's user, and a copy of it that only root can change."""
    began = datetime.now(UTC)
    program = ["runuser", "-u", app.name, "--"]
    shown = call([*program, "/usr/bin/python3", "-I", str(app.root / "hosting"), "backup"])
    name = shown.strip()
    # What the user's program printed is not trusted: it could replace an older copy.
    if NAME.fullmatch(name) and stamp(began) <= name <= stamp(datetime.now(UTC)):
        new = app.kept_backups / f".{name}"
        with new.open("wb") as copy:
            command = [*program, "cat", str(app.backups / name)]
            subprocess.run(command, stdout=copy, check=True)
        shutil.chown(new, group=app.name)
        new.chmod(0o640)
        new.rename(app.kept_backups / name)
    print(shown, end="")
    prune(app.kept_backups)
    return 0


def stamp(at: datetime) -> str:
    """Return the name of a backup."""
    return f"{at:%Y%m%dT%H%M%S.%f}Z.dump"


def files(app: App) -> list[Path]:
    """Return the complete backups, oldest first; root's copies are preferred."""
    folders = (app.backups, app.kept_backups)
    found = {file.name: file for folder in folders for file in folder.glob("[!.]*.dump")}
    return [found[name] for name in sorted(found)]


def prune(folder: Path) -> None:
    """Delete all but the last backups in a directory."""
    for old in sorted(folder.glob("[!.]*.dump"))[:-KEPT]:
        old.unlink(missing_ok=True)


def database(app: App) -> str:
    """Return the database URL; raise CommandError if it is not PostgreSQL's."""
    variables = app.site()["variables"] | settings.values(settings.read(app.settings))
    url = str(variables.get("DATABASE_URL", ""))
    if not url.startswith("postgres"):
        raise CommandError("DATABASE_URL is not a PostgreSQL URL: back up your data yourself.")
    return url


def create(app: App) -> str:
    """Dump the database, verify that the dump can be read, and return its name."""
    # Microseconds keep two backups from having the same name.
    name = stamp(datetime.now(UTC))
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
    """Replace the contents of the database in one transaction; back it up before.

    Tables that are not in the backup are dropped as well.
    """
    print(f"Backed up the current data as {create(app)}")
    sql = app.backups / f".{file.name}.sql"
    try:
        call(["pg_restore", "--no-owner", "--file", str(sql), str(file)])
        options = ["--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        scripts = ["--output=/dev/null", f"--command={EMPTY}", f"--file={sql}"]
        postgres(app, ["psql", "--no-psqlrc", *options, *scripts])
    finally:
        sql.unlink(missing_ok=True)
    app.audit(f"restore: {file.name}")
    print(f"Restored {file.name}.")


def postgres(app: App, command: list[str]) -> None:
    """Run a PostgreSQL program. The password is passed in the environment, which ps hides."""
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "LANG": "C.UTF-8",
        "PGOPTIONS": OPTIONS,
        **connection_variables(database(app)),
    }
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise CommandError(
            f"{command[0]} is not installed on the server: apt-get install postgresql-client"
        ) from None
    if done.returncode:
        error = [*done.stderr.strip().splitlines(), "no output"][0]
        raise CommandError(f"{command[0]} failed, nothing was changed: {error}")


def connection_variables(url: str) -> dict[str, str]:
    """Return a database URL as the environment variables of PostgreSQL programs."""
    parts = urlsplit(url)
    variables = {
        "PGHOST": parse_qs(parts.query).get("host", [parts.hostname or ""])[0],
        "PGPORT": str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.strip("/"),
    }
    return {name: value for name, value in variables.items() if value}
