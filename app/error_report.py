"""What an error mail says of an error, and which errors are the same."""

import logging
import os
import socket
import traceback
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import click
from flask import Flask, g, has_app_context, has_request_context, request
from sqlalchemy import inspect

from .failures import failure
from .redaction import SHORTEST, is_secret, redact, secrets_of, spellings

LONGEST_SUBJECT = 150  # characters
LONGEST_FACT = 1_000
LONGEST_REPORT = 50_000  # an endless recursion says the same over and over
SHORTEST_ANSWER = 8  # what is shorter, of what a reader fills in, may be any word of a report


class Place(NamedTuple):
    """Where something was raised or logged."""

    path: str
    line: int
    function: str


class ErrorReport(logging.Formatter):
    """Writes what there is to know of an error, while the request that met it is still there."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self.app = app
        self.secrets = secrets_of(app.config)

    def key(self, record: logging.LogRecord) -> object:
        """Return what `record` has in common with every other record of the same error.

        That is the kind of error and its place. A database that is away is one error, however
        many pages ask for it; who logs that without the exception says so by `extra={"kind": …}`.
        """
        place = place_of(record, self.app.root_path)
        return _kind(record) or (type(_error(record)), place)

    def subject(self, record: logging.LogRecord) -> str:
        """Return `record` in a few words: ValueError in main.index."""
        error = _error(record)
        name = type(error).__name__ if error is not None else record.getMessage()
        what = _kind(record) or name
        where = request.endpoint if has_request_context() else None
        where = where or place_of(record, self.app.root_path).function
        return _one_line(f"{redact(what, self._secrets())} in {where}", LONGEST_SUBJECT)

    def format(self, record: logging.LogRecord) -> str:
        """Return everything, without secrets."""
        secrets = self._secrets()
        facts = "".join(
            f"{name:<12}{_one_line(redact(value, secrets), LONGEST_FACT)}\n"
            for name, value in self._facts(record)
            if value
        )
        error = _error(record)
        raised = traceback.format_exception(error) if error is not None else ()
        trace = redact("".join([*raised, record.stack_info or ""]), secrets)
        return f"{facts}\n{_cut(trace, LONGEST_REPORT)}"

    def _secrets(self) -> list[str]:
        """Return what must not be read, in every way that an error may write it."""
        sent = {way for value in _secrets_of_request() for way in spellings(value)}
        return [*sent, *self.secrets]

    def _facts(self, record: logging.LogRecord) -> Iterator[tuple[str, str]]:
        place = place_of(record, self.app.root_path)
        settings = self.app.config
        yield "Message", record.getMessage()
        yield "Place", f"{place.path}:{place.line} in {place.function}"
        if has_request_context():
            yield "Request", f"{request.method} {request.script_root}{request.path}"
            yield "Endpoint", request.endpoint or ""
            yield "Client", request.remote_addr or ""
        if has_app_context():
            yield "Request id", str(g.get("request_id", ""))
            yield "User id", _user_id()
        command = click.get_current_context(silent=True)
        yield "Command", command.command_path if command is not None else ""
        yield "Time", datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds")
        yield "Release", settings["FLASKY_RELEASE"] or ""
        yield "Commit", settings["FLASKY_COMMIT"] or ""
        yield "Host", f"{socket.gethostname()}, process {os.getpid()}"
        yield "Logger", f"{record.name}, {record.levelname}"


def place_of(record: logging.LogRecord, root: str) -> Place:
    """Return the innermost line below the folder `root` that `record` tells of.

    Where none of those was running, it is the innermost line of all; and where nothing was
    raised, the line that wrote the record.
    """
    innermost = Place(record.pathname, record.lineno, record.funcName or "")
    ours: Place | None = None
    error = _error(record)
    for frame, line in traceback.walk_tb(error.__traceback__ if error is not None else None):
        innermost = Place(frame.f_code.co_filename, line, frame.f_code.co_name)
        if innermost.path.startswith(root):
            ours = innermost
    return ours or innermost


def _error(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.exc_info else None


def _kind(record: logging.LogRecord) -> str:
    """Return what is wrong with the database as such, if the record is about that."""
    why = failure(_error(record))
    return why.words if why is not None else str(vars(record).get("kind", ""))


def _user_id() -> str:
    """Return who has logged in, if that is known already: the database is not asked again."""
    state = inspect(g.get("_login_user"), raiseerr=False)
    identity = state.identity if state is not None else None
    return str(identity[0]) if identity else ""


def _secrets_of_request() -> list[str]:
    """Return what a reader has sent and the text of an error may repeat."""
    if not has_request_context():
        return []
    sent = [*request.cookies.values(), request.headers.get("Authorization", "")]
    sent += [value for name, value in (request.view_args or {}).items() if is_secret(name)]
    found = [value for value in sent if len(value) >= SHORTEST_ANSWER]
    if "form" in vars(request):  # else nobody has read it, and it may not even have arrived
        found += _answers(request.form.items(multi=True))
    return found


def _answers(fields: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield the lines of a form's fields, as far as they are long enough to be told apart."""
    for name, value in fields:
        shortest = SHORTEST if is_secret(name) else SHORTEST_ANSWER
        yield from (line for line in value.splitlines() if len(line) >= shortest)


def _one_line(text: str, longest: int) -> str:
    """Return `text` with everything that could begin a line or a header written out."""
    return _cut("".join(x if x.isprintable() else repr(x)[1:-1] for x in text), longest)


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]} […] {text[-half:]}"
