"""The subject and body of an error email, and the key that groups occurrences of one error."""

import logging
import os
import socket
import traceback
from collections.abc import Iterator

import click
from flask import Flask, has_request_context, request

from ..database.errors import classify
from ..logs.formatters import LineFormatter, printable
from ..logs.redaction import MIN_SECRET_LENGTH, encodings, is_secret, secrets_in

MAX_SUBJECT = 100  # characters of the message
MIN_INPUT_LENGTH = 8  # shorter user input may be an ordinary word, and is not redacted


class ErrorReport(logging.Formatter):
    """Formats a log record as an error email: the fields of the log entry, and more."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self.app = app
        self.secrets = secrets_in(app.config)

    def key(self, record: logging.LogRecord) -> str:
        """Return a key that is equal for occurrences of the same error.

        It consists of the exception type and the location. Operational errors of the database are
        one error wherever they occur; pass `extra={"kind": …}` to log one without an exception.
        """
        error = type(record.exc_info[1]) if record.exc_info else None
        return database_error(record) or f"{error} {self.location(record)}"

    def subject(self, record: logging.LogRecord) -> str:
        """Return the error and the endpoint: `ValueError in main.index`."""
        error = record.exc_info[1] if record.exc_info else None
        what = type(error).__name__ if error is not None else self.formatter().message(record)
        where = vars(record).get("endpoint") or self.location(record).rpartition(" in ")[2]
        return printable(f"{(database_error(record) or what)[:MAX_SUBJECT]} in {where}")

    def format(self, record: logging.LogRecord) -> str:
        """Return the body: fields and traceback, without secrets and user input."""
        command = click.get_current_context(silent=True)
        added = {
            "location": self.location(record),
            "command": command.command_path if command is not None else None,
            "commit": self.app.config["COMMIT"],
            "host": f"{socket.gethostname()}, process {os.getpid()}",
        }
        fields = self.formatter().entry(record) | added
        exception = fields.pop("exception", "")
        lines = (
            f"{name:<12} {printable(str(value))}\n"
            for name, value in fields.items()
            if value is not None
        )
        return f"{''.join(lines)}\n{exception}"

    def formatter(self) -> LineFormatter:
        """Return a formatter that redacts secret settings and the input of the current user."""
        values = {variant for value in user_input() for variant in encodings(value)}
        return LineFormatter(self.app.config["RELEASE"], [*values, *self.secrets])

    def location(self, record: logging.LogRecord) -> str:
        """Return the innermost location in the application, or else the innermost one.

        Without an exception, return the location of the logging call.
        """
        error = record.exc_info[1] if record.exc_info else None
        locations = [
            f"{frame.f_code.co_filename}:{line} in {frame.f_code.co_name}"
            for frame, line in traceback.walk_tb(error.__traceback__ if error else None)
        ] or [f"{record.pathname}:{record.lineno} in {record.funcName}"]
        ours = [each for each in locations if each.startswith(f"{self.app.root_path}{os.sep}")]
        return (ours or locations)[-1]


def database_error(record: logging.LogRecord) -> str:
    """Return the kind of operational database error that `record` is about, or an empty string."""
    kind = classify(record.exc_info[1] if record.exc_info else None)
    return kind.message if kind is not None else str(vars(record).get("kind", ""))


def user_input() -> Iterator[str]:
    """Yield the input of the current user that the text of an error may repeat."""
    if not has_request_context():
        return
    fields = [("", value) for value in request.cookies.values()]
    fields += [("", request.headers.get("Authorization", ""))]
    fields += [("", value) for name, value in (request.view_args or {}).items() if is_secret(name)]
    if "form" in vars(request):  # otherwise the form is not parsed yet, and may not be complete
        fields += request.form.items(multi=True)
    for name, value in fields:
        min_length = MIN_SECRET_LENGTH if is_secret(name) else MIN_INPUT_LENGTH
        yield from (line for line in value.splitlines() if len(line) >= min_length)
