"""Database errors of commands in one line, with the next step."""

from typing import Any

import click
from alembic.util import CommandError
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from ..database import errors
from ..database.timeouts import without_timeouts


class ReportingGroup(AppGroup):
    """A group of commands that use the database, without a statement timeout."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, context_settings={"show_default": True}, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn a database error into a ClickException."""
        try:
            with without_timeouts():
                return super().invoke(ctx)
        except SQLAlchemyError as error:
            kind = errors.classify(error)
            hint = "Check DATABASE_URL (in development: DEV_DATABASE_URL)."
            if kind not in (None, errors.UNREACHABLE):
                hint = f"{kind.message}. {kind.hint}"
            raise click.ClickException(f"Database error: {one_line(error)}. {hint}") from None


def one_line(error: Exception) -> str:
    """Return the error message without the SQL statement and the libraries' advice."""
    return str(error) if isinstance(error, CommandError) else errors.summary(error)


def count(number: int, noun: str) -> str:
    """Return "1 user", "2 users"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
