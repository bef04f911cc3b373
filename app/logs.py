"""The log: where it goes, and what of it is written.

One handler on the root logger writes everything, to stderr or to syslog. Who adds another for
the same place has every line twice. `lines.py` says how a line looks, `visits.py` which request
it belongs to.
"""

import logging
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from logging.handlers import SysLogHandler

from flask import Flask
from flask.logging import default_handler

from . import visits
from .lines import JsonFormatter, LineFormatter, TextFormatter
from .redaction import redact, secrets_of
from .syslog import SyslogHandler

__all__ = ["JsonFormatter", "TextFormatter", "formatter_of", "init_app"]

HANDLERS_OF_GUNICORN = {logging.StreamHandler, logging.FileHandler, SysLogHandler}
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
WERKZEUGS_REQUEST = re.compile(r' - - \[[^\]]+\] "')


class StderrHandler(logging.Handler):
    """Writes to what sys.stderr is at the time, which tests and servers replace.

    What cannot be written (the disk is full, whoever read the pipe has gone) is lost: no request
    fails for it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line of `record`."""
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()


def init_app(app: Flask) -> None:
    """Send the log of `app` to stderr, or to syslog, and write a line for each request."""
    formatter = formatter_of(app.config, brief=app.debug)
    handler = handler_for(app.config["FLASKY_SYSLOG"], formatter)
    take_the_root(handler, app.config["FLASKY_LOG_LEVEL"])
    quieten(app)
    adopt_gunicorn(formatter)
    visits.init_app(app)


def formatter_of(settings: Mapping[str, object], brief: bool = False) -> LineFormatter:
    """Return what makes lines in the format that `settings` ask for, without their secrets."""
    release = settings.get("FLASKY_RELEASE")
    named = str(release) if release else None
    if settings.get("FLASKY_LOG_FORMAT") == "json":
        return JsonFormatter(named, secrets_of(settings))
    return TextFormatter(named, secrets_of(settings), brief)


def handler_for(syslog: str | None, formatter: LineFormatter) -> logging.Handler:
    """Return what brings lines to `syslog`, or to stderr."""
    stderr = StderrHandler()
    stderr.setFormatter(formatter)  # first: what cannot reach syslog is told there
    handler = SyslogHandler(syslog, instead=stderr) if syslog else stderr
    handler.setFormatter(formatter)
    handler.addFilter(visits.tell_the_request)
    return handler


def take_the_root(handler: logging.Handler, level: str) -> None:
    """Make `handler` the one that writes, instead of ours of an earlier application.

    A plain handler for the terminal, from gunicorn or a basicConfig(), would double every line.
    """
    root = logging.getLogger()
    for other in list(root.handlers):
        is_ours = isinstance(other, StderrHandler | SyslogHandler)
        if is_ours or _writes_to_the_terminal(other):
            root.removeHandler(other)
            other.close()
    handler.setLevel(level)
    root.addHandler(handler)
    root.setLevel(level)


def quieten(app: Flask) -> None:
    """Keep libraries from writing what the root writes, or what nobody wants to read."""
    app.logger.removeHandler(default_handler)
    alembic = logging.getLogger("alembic")
    if not alembic.level:
        alembic.setLevel(logging.WARNING)  # `flask deploy` tells what it does in its own words
    werkzeug = logging.getLogger("werkzeug")
    werkzeug.addFilter(is_worth_reading)
    for handler in list(werkzeug.handlers):
        werkzeug.removeHandler(handler)


def is_worth_reading(record: logging.LogRecord) -> bool:
    """Leave out Werkzeug's own lines about requests; write its greeting as plain lines."""
    message = COLOURS.sub("", record.getMessage())
    if record.levelno == logging.INFO and WERKZEUGS_REQUEST.search(message):
        return False
    if message.startswith("WARNING: "):
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    text = re.sub(r"\s*(^|\n) \* ", " ", message.removeprefix("WARNING: ")).strip()
    record.msg, record.args = text, None
    return True


def adopt_gunicorn(formatter: LineFormatter) -> None:
    """Have gunicorn's own lines look like ours, and no link with a token stand in them.

    Its loggers write by themselves: what they also passed on would be there twice.
    """
    error, access = logging.getLogger("gunicorn.error"), logging.getLogger("gunicorn.access")
    its_own = [handler for handler in error.handlers if type(handler) in HANDLERS_OF_GUNICORN]
    for handler in its_own:
        handler.setFormatter(formatter)
    error.propagate = not its_own
    for handler in access.handlers:
        handler.addFilter(redact_access)
    access.propagate = False


def redact_access(record: logging.LogRecord) -> bool:
    """Redact a line of gunicorn's access log, whose format is the operator's own."""
    record.msg, record.args = redact(record.getMessage()), None
    return True


def _writes_to_the_terminal(handler: logging.Handler) -> bool:
    terminal = (sys.stderr, sys.stdout, sys.__stderr__, sys.__stdout__)
    return type(handler) is logging.StreamHandler and handler.stream in terminal
