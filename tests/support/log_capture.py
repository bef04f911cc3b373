"""Read the JSON log of a test, and restore the root logger afterwards."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

LogEntry = dict[str, Any]


@contextmanager
def restored_root_logger() -> Iterator[logging.Logger]:
    """Yield the root logger; restore its handlers and its level at the end of the block."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield root
    finally:
        for handler in set(root.handlers) - set(handlers):
            root.removeHandler(handler)
            handler.close()
        for handler in handlers:
            root.addHandler(handler)
        root.setLevel(level)


def parse_log(text: str) -> list[LogEntry]:
    """Return the entries of a JSON log; fail if a line is not JSON."""
    return [json.loads(line) for line in text.splitlines()]


def log_entries(capsys: pytest.CaptureFixture[str], logger: str | None = None) -> list[LogEntry]:
    """Return the entries that were written to stderr since the last call, or those of `logger`."""
    entries = parse_log(capsys.readouterr().err)
    return [entry for entry in entries if logger in {None, entry["logger"]}]


def make_record(message: object = "hello", **attributes: Any) -> logging.LogRecord:
    """Return a log record of the application."""
    defaults = {"name": "app", "levelno": logging.INFO, "levelname": "INFO", "msg": message}
    return logging.makeLogRecord(defaults | attributes)
