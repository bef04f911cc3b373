"""`flask psql`: a shell for the database."""

import os
from pathlib import Path

import click
from flask.cli import with_appcontext
from sqlalchemy import URL

from ..extensions import db


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@with_appcontext
def psql(arguments: tuple[str, ...]) -> None:
    """Open the database in psql, or in sqlite3 if it is SQLite.

    ARGUMENTS are passed on, for example: flask psql -- -c "select count(*) from users"
    """
    url = db.engine.url
    open_shell = _sqlite if url.get_backend_name() == "sqlite" else _postgresql
    open_shell(url, arguments)


def _postgresql(url: URL, arguments: tuple[str, ...]) -> None:
    # Other users of the machine can read the arguments of a process, but not its environment.
    place = {
        name: getattr(url, name) for name in ("username", "host", "port", "database", "query")
    }
    location = URL.create("postgresql", **place).render_as_string()
    password = {} if url.password is None else {"PGPASSWORD": url.password}
    _replace_process("psql", "postgresql-client", [location, *arguments], password)


def _sqlite(url: URL, arguments: tuple[str, ...]) -> None:
    if not url.database or not Path(url.database).is_file():
        raise click.ClickException("The database does not exist yet. Create it: flask deploy")
    _replace_process("sqlite3", "sqlite3", [url.database, *arguments], {})


def _replace_process(
    program: str, package: str, arguments: list[str], variables: dict[str, str]
) -> None:
    try:
        os.execvpe(program, [program, *arguments], os.environ | variables)  # noqa: S606 - no shell
    except FileNotFoundError as error:
        message = f"{program} is not installed. Install it: sudo apt install {package}"
        raise click.ClickException(message) from error
