"""Configure logging: one handler on the root logger writes to stderr or syslog."""

import logging
import re
import sys
from collections.abc import Mapping
from contextlib import suppress

from flask import Flask
from flask.logging import default_handler

from . import access_log
from .formatters import JsonFormatter, LineFormatter, TextFormatter
from .redaction import secrets_in
from .syslog import SyslogHandler

WERKZEUG_REQUEST = re.compile(r' - - \[[^\]]+\] "')


class StderrHandler(logging.Handler):
    """Writes to the current `sys.stderr`, which servers and tests may replace.

    Write errors (a full disk, a closed pipe) are ignored, so that no request fails.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`."""
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{self.format(record)}\n")
            sys.stderr.flush()


def init_app(app: Flask) -> None:
    """Configure the root logger, and the loggers of Flask, Werkzeug and Alembic.

    `logging.config.dictConfig()` would close and remove all handlers of the process, also those
    of other libraries and of the tests.
    """
    handler = create_handler(
        app.config["SYSLOG_ADDRESS"], create_formatter(app.config, brief=app.debug)
    )
    root = logging.getLogger()
    for other in filter(writes_the_same, list(root.handlers)):
        root.removeHandler(other)
        other.close()
    root.addHandler(handler)
    for each in (root, handler):
        each.setLevel(app.config["LOG_LEVEL"])
    app.logger.removeHandler(default_handler)
    alembic = logging.getLogger("alembic")
    if not alembic.level:
        alembic.setLevel(logging.WARNING)  # `flask deploy` prints the migrations itself
    werkzeug = logging.getLogger("werkzeug")  # the development server prints its own messages
    werkzeug.propagate = False
    werkzeug.addFilter(is_not_request)


def create_formatter(settings: Mapping[str, object], brief: bool = False) -> LineFormatter:
    """Return the formatter for LOG_FORMAT; it redacts the secrets in `settings`."""
    release = str(settings.get("RELEASE") or "") or None
    if settings.get("LOG_FORMAT") == "json":
        return JsonFormatter(release, secrets_in(settings))
    return TextFormatter(release, secrets_in(settings), brief)


def create_handler(syslog: str | None, formatter: LineFormatter) -> logging.Handler:
    """Return a handler that writes to `syslog` (a socket path or host:port), or to stderr."""
    stderr = StderrHandler()
    handler = SyslogHandler(syslog, fallback=stderr) if syslog else stderr
    for each in (stderr, handler):
        each.setFormatter(formatter)
    handler.addFilter(access_log.add_request_context)
    return handler


def writes_the_same(handler: logging.Handler) -> bool:
    """Return True if `handler` would write every entry a second time.

    These are the handlers of other applications in this process, and handlers that write to the
    terminal, as `logging.basicConfig()` adds them.
    """
    streams = (sys.stderr, sys.stdout, sys.__stderr__, sys.__stdout__)
    return isinstance(handler, StderrHandler | SyslogHandler) or (
        type(handler) is logging.StreamHandler and handler.stream in streams
    )


def is_not_request(record: logging.LogRecord) -> bool:
    """Return False for Werkzeug's access log, which repeats ours. This is a logging filter."""
    return record.levelno != logging.INFO or not WERKZEUG_REQUEST.search(record.getMessage())
