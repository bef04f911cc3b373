"""The log as a test reads it, and the root logger as it was before."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

Line = dict[str, Any]


@contextmanager
def restored_root() -> Iterator[logging.Logger]:
    """Give the root logger, and put its handlers and its level back afterwards."""
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


def lines(text: str) -> list[Line]:
    """Return the objects of a JSON log; fail if a line is anything else."""
    return [json.loads(line) for line in text.splitlines()]


def written(capsys: pytest.CaptureFixture[str], logger: str | None = None) -> list[Line]:
    """Return what went to stderr since the last time, or what `logger` wrote of it."""
    found = lines(capsys.readouterr().err)
    return [line for line in found if logger in {None, line["logger"]}]


def record(message: object = "hello", **fields: Any) -> logging.LogRecord:
    """Return a record as the application makes it."""
    given = {"name": "app", "levelno": logging.INFO, "levelname": "INFO", "msg": message}
    return logging.makeLogRecord(given | fields)
