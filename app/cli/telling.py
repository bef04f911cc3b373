"""What a command says when the database cannot be used: one line, and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from alembic.util import CommandError
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from .. import failures
from ..postgresql import without_statement_timeout


class TellingGroup(AppGroup):
    """A group of commands that tell of a broken database in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, however long it takes."""
        with told_in_one_line(), without_statement_timeout():
            return super().invoke(ctx)


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Turn what the database says into a line for people."""
    try:
        yield
    except SQLAlchemyError as error:
        reason = one_line(error)
        if failures.NO_TABLES.search(reason):
            hint = "The database lacks tables of this release. Run: flask deploy"
        else:
            hint = "Look at DATABASE_URL (in development: DEV_DATABASE_URL)."
        raise click.ClickException(f"The database cannot be used: {reason}. {hint}") from None


def one_line(error: Exception) -> str:
    """Return what happened, without the statement and the advice of the libraries."""
    return str(error) if isinstance(error, CommandError) else failures.one_line(error)
