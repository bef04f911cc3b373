"""What a command says when the database cannot be used: one line, and what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from alembic.util import CommandError
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

# What SQLite and PostgreSQL say when the migrations have not run. (A database or a role that
# does not exist is another matter.)
NO_TABLES = re.compile(r"no such (table|column)|(relation|column) \S+ does not exist")


class TellingGroup(AppGroup):
    """A group of commands that tell of a broken database in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with told_in_one_line():
            return super().invoke(ctx)


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turn what the database says into a line for people."""
    try:
        yield
    except SQLAlchemyError as error:
        reason = one_line(error)
        if NO_TABLES.search(reason):
            hint = "The database lacks tables of this release. Run: flask deploy"
        else:
            hint = "Look at DATABASE_URL (in development: DEV_DATABASE_URL)."
        raise click.ClickException(f"The database cannot be used: {reason}. {hint}") from None


def one_line(error: Exception) -> str:
    """Return what happened, without the statement and the advice of the library."""
    words = str(getattr(error, "orig", None) or error).strip()
    known = isinstance(error, SQLAlchemyError | CommandError | OSError)
    first = words.splitlines()[0] if words else ""
    return first if known and first else f"{type(error).__name__}: {first}"
