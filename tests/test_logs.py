"""The log loses nothing, doubles nothing, and holds up nobody."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.logs import (
    JsonFormatter,
    StderrHandler,
    TextFormatter,
    adopt_gunicorn,
    formatter_of,
    is_worth_reading,
)
from tests.logbook import record, restored_root, written
from tests.settings import make_app

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    with restored_root() as logger:
        yield logger


def make_site(level: str = "INFO") -> Flask:
    return make_app(FLASKY_LOG_FORMAT="json", FLASKY_LOG_LEVEL=level, FLASKY_RELEASE="42")


@pytest.mark.parametrize("applications", [1, 2, 3])
@pytest.mark.parametrize("name", ["app", "app.jobs", "some.library"])
def test_line_is_written_once(capsys: Captured, applications: int, name: str) -> None:
    for _ in range(applications):
        make_site()
    capsys.readouterr()

    logging.getLogger(name).info("hello")

    (line,) = written(capsys)
    assert (line["logger"], line["message"], line["release"]) == (name, "hello", "42")


def test_logger_that_flask_hands_out_writes_once(capsys: Captured) -> None:
    app = make_site()
    capsys.readouterr()

    app.logger.info("hello")

    assert [line["message"] for line in written(capsys)] == ["hello"]


@pytest.mark.parametrize("stream", ["stderr", "stdout"])
def test_handler_that_would_write_everything_again_is_replaced(
    capsys: Captured, root: logging.Logger, stream: str
) -> None:
    root.addHandler(logging.StreamHandler(getattr(sys, stream)))
    make_site()
    capsys.readouterr()

    logging.getLogger("app").info("hello")

    out, err = capsys.readouterr()
    assert (out, err.count("hello")) == ("", 1)


def test_other_handlers_are_left_alone(root: logging.Logger) -> None:
    elsewhere = logging.StreamHandler(io.StringIO())
    root.addHandler(elsewhere)
    before = [handler for handler in root.handlers if not isinstance(handler, StderrHandler)]

    make_site()

    assert [handler for handler in before if handler not in root.handlers] == []


@pytest.mark.parametrize(
    ("level", "heard"),
    [
        ("DEBUG", ["DEBUG", "INFO", "WARNING", "ERROR"]),
        ("INFO", ["INFO", "WARNING", "ERROR"]),
        ("WARNING", ["WARNING", "ERROR"]),
        ("ERROR", ["ERROR"]),
    ],
)
def test_level_decides_what_is_written(capsys: Captured, level: str, heard: list[str]) -> None:
    app = make_site(level)
    capsys.readouterr()

    for name in ("DEBUG", "INFO", "WARNING", "ERROR"):
        app.logger.log(logging.getLevelNamesMapping()[name], "hello")

    assert [line["level"] for line in written(capsys)] == heard


def test_secrets_of_the_settings_are_not_written(capsys: Captured) -> None:
    app = make_app(FLASKY_LOG_FORMAT="json", MAIL_PASSWORD="hunter2-word")
    capsys.readouterr()

    app.logger.error("hello", exc_info=RuntimeError("refused: hunter2-word"))

    (line,) = written(capsys)
    assert "refused" in line["exception"]
    assert "hunter2" not in json.dumps(line)


@pytest.mark.parametrize(
    ("name", "kind"), [("json", JsonFormatter), ("text", TextFormatter), (None, TextFormatter)]
)
def test_format_is_a_setting(name: str | None, kind: type[logging.Formatter]) -> None:
    assert type(formatter_of({"FLASKY_LOG_FORMAT": name})) is kind


def test_full_disk_fails_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115 - cannot even be closed
    client = make_site("DEBUG").test_client()
    monkeypatch.setattr(sys, "stderr", full)

    answers = [client.get("/preferences").status_code for _ in range(100)]

    monkeypatch.undo()
    with pytest.raises(OSError, match="No space left"):
        full.close()
    assert set(answers) == {200}


def test_stderr_that_is_closed_fails_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    client = make_site().test_client()
    monkeypatch.setattr(sys, "stderr", closed)

    assert client.get("/preferences").status_code == 200


SERVED = '127.0.0.1 - - [20/Nov/2026 16:19:33] "GET / HTTP/1.1" 200 -'
GREETING = (
    "\x1b[31m\x1b[1mWARNING: This is a development server.\x1b[0m\n"
    " * Running on http://127.0.0.1:5000"
)


@pytest.mark.parametrize(
    ("level", "said", "told"),
    [
        (logging.INFO, SERVED, None),  # the line in our own words is enough
        (logging.INFO, SERVED.replace("GET /", "\x1b[33mGET /"), None),
        (logging.INFO, "Press CTRL+C to quit", "INFO    Press CTRL+C to quit"),
        (logging.INFO, " * Restarting with stat", "INFO    Restarting with stat"),
        (
            logging.INFO,
            GREETING,
            "WARNING This is a development server. Running on http://127.0.0.1:5000",
        ),
        (
            logging.ERROR,
            '127.0.0.1 - - [20/Nov/2026 16:19:33] code 400, message Bad request ("x")',
            'ERROR   127.0.0.1 - - [20/Nov/2026 16:19:33] code 400, message Bad request ("x")',
        ),
        (logging.INFO, "100% sure", "INFO    100% sure"),
    ],
)
def test_development_server_is_quoted_in_plain_lines(
    level: int, said: str, told: str | None
) -> None:
    line = record(said, name="werkzeug", levelno=level, levelname=logging.getLevelName(level))

    found = TextFormatter(brief=True).format(line) if is_worth_reading(line) else None

    assert found == told or (found or "").split(" ", 1)[1] == told


@pytest.fixture
def gunicorn() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """What gunicorn's two loggers have written, each by a handler of its own."""
    streams = io.StringIO(), io.StringIO()
    loggers = [logging.getLogger(f"gunicorn.{name}") for name in ("error", "access")]
    for logger, stream in zip(loggers, streams, strict=True):
        logger.addHandler(logging.StreamHandler(stream))
    yield streams
    for logger in loggers:
        logger.handlers.clear()


def test_messages_of_gunicorn_look_like_ours(
    capsys: Captured, gunicorn: tuple[io.StringIO, io.StringIO]
) -> None:
    make_site()
    capsys.readouterr()

    logging.getLogger("gunicorn.error").warning("Invalid request: /auth/reset/the-token")

    line = json.loads(gunicorn[0].getvalue())
    assert line["message"] == "Invalid request: /auth/reset/[hidden]"
    assert written(capsys) == []


def test_messages_of_gunicorn_without_a_handler_are_not_lost(capsys: Captured) -> None:
    make_site()
    adopt_gunicorn(JsonFormatter())
    capsys.readouterr()

    logging.getLogger("gunicorn.error").warning("hello")

    assert [line["message"] for line in written(capsys)] == ["hello"]


def test_access_log_of_gunicorn_keeps_its_format_and_no_secrets(
    capsys: Captured, gunicorn: tuple[io.StringIO, io.StringIO]
) -> None:
    make_site()
    capsys.readouterr()

    for _ in range(2):
        logging.getLogger("gunicorn.access").info('- "%s" 200', "GET /auth/reset/the-token")

    assert gunicorn[1].getvalue() == '- "GET /auth/reset/[hidden]" 200\n' * 2
    assert written(capsys) == []
