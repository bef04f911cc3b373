"""Syslog gets the lines; while it is away nobody waits, and no line is lost."""

import logging
import re
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import config
from app.lines import JsonFormatter
from app.logs import StderrHandler, handler_for
from app.syslog import SyslogHandler
from tests.logbook import record, restored_root, written
from tests.settings import make_app

Make = Callable[..., logging.Handler]
Captured = pytest.CaptureFixture[str]
PACKET = re.compile(rb'<(\d+)>flasky\[\d+\]: (\{.*"message": "(\w+)".*\})')


@pytest.fixture
def address() -> Iterator[str]:
    """A path for a socket. Not below pytest's folder: it must be short."""
    with tempfile.TemporaryDirectory(prefix="syslog") as folder:
        yield f"{folder}/log"


@contextmanager
def syslog(target: str) -> Iterator[socket.socket]:
    """A syslog at `target`, which reads when it is asked to."""
    host, _, port = target.rpartition(":")
    kind = socket.AF_INET if host else socket.AF_UNIX
    with socket.socket(kind, socket.SOCK_DGRAM) as server:
        server.settimeout(10)
        server.bind((host, int(port)) if host else target)
        yield server
    if not host:
        Path(target).unlink()


@pytest.fixture
def handler_to() -> Iterator[Make]:
    """Makes a handler for a target, which by default tries again at once."""
    made: list[logging.Handler] = []

    def make(target: str, pause: float = 0) -> logging.Handler:
        handler = handler_for(target, JsonFormatter())
        assert isinstance(handler, SyslogHandler)
        handler.pause = pause
        handler.try_again += pause - SyslogHandler.pause
        made.append(handler)
        return handler

    yield make
    for handler in made:
        handler.close()


def messages(capsys: Captured) -> list[str]:
    return [line["message"] for line in written(capsys)]


def heard(server: socket.socket) -> str:
    """Return the next message that syslog gets."""
    packet = PACKET.fullmatch(server.recv(100_000))
    assert packet is not None
    return packet[3].decode()


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(params=["unix", "udp"])
def target(request: pytest.FixtureRequest, address: str) -> str:
    return address if request.param == "unix" else f"127.0.0.1:{free_udp_port()}"


@pytest.mark.parametrize(
    ("level", "priority"),
    [("DEBUG", 15), ("INFO", 14), ("WARNING", 12), ("ERROR", 11), ("CRITICAL", 10)],
)
def test_line_comes_with_its_priority_and_the_name_of_the_program(
    target: str, level: str, priority: int, handler_to: Make
) -> None:
    with syslog(target) as server:
        handler_to(target).handle(record("hello", levelname=level))

        packet = PACKET.fullmatch(server.recv(10_000))

    assert packet is not None
    assert (int(packet[1]), packet[3]) == (priority, b"hello")


def test_syslog_that_is_away_at_the_start_is_told_once(
    capsys: Captured, address: str, handler_to: Make
) -> None:
    handler = handler_to(address, pause=60)

    for message in ("one", "two"):
        handler.handle(record(message))

    warning, *lines = messages(capsys)
    assert warning.startswith(f"Syslog does not answer at {address}")
    assert lines == ["one", "two"]


def test_lines_go_to_stderr_while_syslog_is_away(
    capsys: Captured, target: str, handler_to: Make
) -> None:
    with syslog(target) as server:
        handler = handler_to(target)
        handler.handle(record("one"))
        assert heard(server) == "one"

    for message in ("two", "three"):
        handler.handle(record(message))

    lost = messages(capsys)
    assert "does not answer" in lost[0]
    assert lost[1:] == ["two", "three"]
    with syslog(target) as server:
        handler.handle(record("four"))
        assert heard(server) == "four"
    assert ["again" in message for message in messages(capsys)] == [True]


def test_syslog_that_was_restarted_loses_no_line(
    capsys: Captured, address: str, handler_to: Make
) -> None:
    with syslog(address) as server:
        handler = handler_to(address)
        handler.handle(record("one"))
        assert heard(server) == "one"
    with syslog(address) as server:
        handler.handle(record("two"))
        assert heard(server) == "two"
    assert messages(capsys) == []


def test_syslog_that_stopped_reading_is_not_waited_for(
    capsys: Captured, address: str, handler_to: Make
) -> None:
    with syslog(address):
        handler = handler_to(address, pause=60)

        for _ in range(2_000):  # more than any queue holds
            handler.handle(record("x" * 1_000))

    warning, *rest = messages(capsys)
    assert "does not answer" in warning
    assert len(rest) > 1_000


def test_syslog_that_is_away_is_not_asked_for_each_line(
    capsys: Captured, address: str, handler_to: Make
) -> None:
    handler = handler_to(address, pause=60)

    with syslog(address):  # it is back, but a line would have to try in order to know
        handler.handle(record("one"))

    assert messages(capsys)[1:] == ["one"]


def test_line_that_is_too_long_for_syslog_is_written_to_stderr(
    capsys: Captured, handler_to: Make
) -> None:
    target = f"127.0.0.1:{free_udp_port()}"
    with syslog(target) as server:
        handler = handler_to(target)
        handler.handle(record("long", more=["x" * 4_000] * 20))
        handler.handle(record("short"))

        assert heard(server) == "short"
    assert messages(capsys) == ["long"]


@pytest.mark.parametrize(
    "target", ["no-such-host.invalid:514", "two..dots:514", "/", "/nowhere/log"]
)
def test_target_that_cannot_be_reached_raises_nothing(
    capsys: Captured, target: str, handler_to: Make
) -> None:
    handler_to(target).handle(record("one"))

    assert messages(capsys)[1:] == ["one"]


def test_site_on_a_server_of_its_own_writes_to_syslog(capsys: Captured, target: str) -> None:
    with syslog(target) as server, restored_root():
        app = make_app(FLASKY_SYSLOG=target, FLASKY_LOG_FORMAT="json")

        app.logger.info("hello")

        assert heard(server) == "hello"
    assert messages(capsys) == []


def test_syslog_is_for_servers_of_ones_own_alone() -> None:
    asked = {name for name, settings in config.config.items() if settings.FLASKY_SYSLOG}

    assert asked == {"unix"}
    assert isinstance(handler_for(None, JsonFormatter()), StderrHandler)


@pytest.mark.parametrize(
    ("target", "is_good"),
    [
        ("/dev/log", True),
        ("logs.example:514", True),
        ("127.0.0.1:514", True),
        ("[::1]:514", True),
        ("logs.example", False),
        (":514", False),
        ("logs:port", False),
        ("udp://logs:514", False),
    ],
)
def test_target_is_checked_before_the_start(target: str, is_good: bool) -> None:
    settings: Any = type("AlteredConfig", (config.TestingConfig,), {"FLASKY_SYSLOG": target})

    found = [problem for problem in settings.problems() if problem.startswith("FLASKY_SYSLOG is")]

    assert bool(found) is not is_good
