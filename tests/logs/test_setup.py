"""Logging configuration: every entry is written once, and write errors fail no request."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.logs.formatters import JsonFormatter, TextFormatter
from app.logs.setup import StderrHandler, create_formatter
from tests.support.app_factory import make_app
from tests.support.log_capture import log_entries, restored_root_logger

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    with restored_root_logger() as logger:
        yield logger


def make_site(level: str = "INFO") -> Flask:
    return make_app(LOG_FORMAT="json", LOG_LEVEL=level, RELEASE="42")


@pytest.mark.parametrize("applications", [1, 3])
def test_entry_is_written_once_however_many_applications_exist(
    capsys: Captured, applications: int
) -> None:
    app, *_others = [make_site() for _ in range(applications)]
    for name in ("app", "app.jobs", "some.library"):
        capsys.readouterr()

        logging.getLogger(name).info("hello")

        (entry,) = log_entries(capsys)
        assert (entry["logger"], entry["message"], entry["release"]) == (name, "hello", "42")

    app.logger.info("hello")

    assert [entry["message"] for entry in log_entries(capsys)] == ["hello"]


@pytest.mark.parametrize("stream", ["stderr", "stdout"])
def test_terminal_handler_of_a_library_is_removed(
    capsys: Captured, root: logging.Logger, stream: str
) -> None:
    root.addHandler(logging.StreamHandler(getattr(sys, stream)))
    make_site()
    capsys.readouterr()

    logging.getLogger("app").info("hello")

    out, err = capsys.readouterr()
    assert (out, err.count("hello")) == ("", 1)


def test_other_handlers_are_kept(root: logging.Logger) -> None:
    root.addHandler(logging.StreamHandler(io.StringIO()))
    before = [handler for handler in root.handlers if not isinstance(handler, StderrHandler)]

    make_site()

    assert [handler for handler in before if handler not in root.handlers] == []


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("DEBUG", ["DEBUG", "INFO", "WARNING", "ERROR"]),
        ("INFO", ["INFO", "WARNING", "ERROR"]),
        ("ERROR", ["ERROR"]),
    ],
)
def test_log_level(capsys: Captured, level: str, expected: list[str]) -> None:
    app = make_site(level)
    capsys.readouterr()

    for name in ("DEBUG", "INFO", "WARNING", "ERROR"):
        app.logger.log(logging.getLevelNamesMapping()[name], "hello")

    assert [entry["level"] for entry in log_entries(capsys)] == expected


def test_secret_settings_are_not_logged(capsys: Captured) -> None:
    app = make_app(LOG_FORMAT="json", MAIL_PASSWORD="hunter2-word")
    capsys.readouterr()

    app.logger.error("hello", exc_info=RuntimeError("refused: hunter2-word"))

    (entry,) = log_entries(capsys)
    assert "refused" in entry["exception"]
    assert "hunter2" not in json.dumps(entry)


@pytest.mark.parametrize(
    ("name", "expected"), [("json", JsonFormatter), ("text", TextFormatter), (None, TextFormatter)]
)
def test_log_format(name: str | None, expected: type[logging.Formatter]) -> None:
    assert type(create_formatter({"LOG_FORMAT": name})) is expected


def test_full_disk_fails_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115 - close() fails, too
    client = make_site("DEBUG").test_client()
    monkeypatch.setattr(sys, "stderr", full)

    statuses = {client.get("/preferences").status_code for _ in range(20)}

    monkeypatch.undo()
    with pytest.raises(OSError, match="No space left"):
        full.close()
    assert statuses == {200}


def test_closed_stderr_fails_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    client = make_site().test_client()
    monkeypatch.setattr(sys, "stderr", closed)

    assert client.get("/preferences").status_code == 200


ACCESS_LOG = '127.0.0.1 - - [20/Nov/2026 16:19:33] "GET / HTTP/1.1" 200 -'


@pytest.mark.parametrize(
    ("level", "message", "is_written"),
    [
        (logging.INFO, ACCESS_LOG, False),
        (logging.INFO, ACCESS_LOG.replace("GET /", "\x1b[33mGET /"), False),
        (logging.INFO, " * Running on http://127.0.0.1:5000", True),
        (logging.INFO, "Press CTRL+C to quit", True),
        (logging.ERROR, ACCESS_LOG, True),
        (logging.INFO, "100% sure", True),
    ],
)
def test_development_server_writes_its_own_messages_except_requests(
    capsys: Captured, level: int, message: str, is_written: bool
) -> None:
    make_site()
    handler = logging.StreamHandler(written := io.StringIO())
    logging.getLogger("werkzeug").addHandler(handler)
    capsys.readouterr()

    logging.getLogger("werkzeug").log(level, message)

    logging.getLogger("werkzeug").removeHandler(handler)
    assert written.getvalue() == (f"{message}\n" if is_written else "")
    assert capsys.readouterr().err == ""
