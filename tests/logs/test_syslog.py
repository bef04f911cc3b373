"""The syslog handler: it never blocks, and uses stderr while syslog is unavailable."""

import logging
import re
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import config
from app.logs.formatters import JsonFormatter
from app.logs.setup import StderrHandler, create_handler
from app.logs.syslog import SyslogHandler
from tests.support.app_factory import make_app
from tests.support.log_capture import log_entries, make_record, restored_root_logger

MakeHandler = Callable[..., logging.Handler]
Captured = pytest.CaptureFixture[str]
PACKET = re.compile(rb'<(\d+)>flasky\[\d+\]: (\{.*"message": "(\w+)".*\})')


@pytest.fixture
def socket_path() -> Iterator[str]:
    """A path for a socket, shorter than those in tmp_path, which may exceed the limit."""
    with tempfile.TemporaryDirectory(prefix="syslog") as folder:
        yield f"{folder}/log"


@contextmanager
def syslog(target: str) -> Iterator[socket.socket]:
    """Listen at `target`, as syslog does."""
    host, _, port = target.rpartition(":")
    family = socket.AF_INET if host else socket.AF_UNIX
    with socket.socket(family, socket.SOCK_DGRAM) as server:
        server.settimeout(10)
        server.bind((host, int(port)) if host else target)
        yield server
    if not host:
        Path(target).unlink()


@pytest.fixture
def make_handler() -> Iterator[MakeHandler]:
    """Create a handler for a target; by default it reconnects without a pause."""
    handlers: list[logging.Handler] = []

    def make(target: str, retry_interval: float = 0) -> logging.Handler:
        handler = create_handler(target, JsonFormatter())
        assert isinstance(handler, SyslogHandler)
        handler.retry_interval = retry_interval
        handlers.append(handler)
        return handler

    yield make
    for handler in handlers:
        handler.close()


def messages(capsys: Captured) -> list[str]:
    return [entry["message"] for entry in log_entries(capsys)]


def receive(server: socket.socket) -> str:
    """Return the message of the next packet."""
    packet = PACKET.fullmatch(server.recv(100_000))
    assert packet is not None
    return packet[3].decode()


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(params=["unix", "udp"])
def target(request: pytest.FixtureRequest, socket_path: str) -> str:
    return socket_path if request.param == "unix" else f"127.0.0.1:{free_udp_port()}"


@pytest.mark.parametrize(
    ("level", "priority"),
    [("DEBUG", 15), ("INFO", 14), ("WARNING", 12), ("ERROR", 11), ("CRITICAL", 10), ("X", 12)],
)
def test_packet_has_priority_and_program_name(
    socket_path: str, level: str, priority: int, make_handler: MakeHandler
) -> None:
    with syslog(socket_path) as server:
        make_handler(socket_path).handle(make_record("hello", levelname=level))

        packet = PACKET.fullmatch(server.recv(10_000))

    assert packet is not None
    assert (int(packet[1]), packet[3]) == (priority, b"hello")


def test_syslog_that_is_unavailable_at_startup_is_reported_once(
    capsys: Captured, socket_path: str, make_handler: MakeHandler
) -> None:
    handler = make_handler(socket_path, retry_interval=60)

    for message in ("one", "two"):
        handler.handle(make_record(message))

    warning, *rest = messages(capsys)
    assert warning.startswith(f"Syslog at {socket_path} is unavailable")
    assert rest == ["one", "two"]


def test_stderr_is_used_while_syslog_is_unavailable(
    capsys: Captured, target: str, make_handler: MakeHandler
) -> None:
    with syslog(target) as server:
        handler = make_handler(target)
        handler.handle(make_record("one"))
        assert receive(server) == "one"

    for message in ("two", "three"):
        handler.handle(make_record(message))

    warning, *rest = messages(capsys)
    assert "is unavailable" in warning
    assert rest == ["two", "three"]
    with syslog(target) as server:
        handler.handle(make_record("four"))
        assert receive(server) == "four"
    assert ["is available again" in message for message in messages(capsys)] == [True]


def test_restart_of_syslog_loses_no_record(
    capsys: Captured, socket_path: str, make_handler: MakeHandler
) -> None:
    with syslog(socket_path) as server:
        handler = make_handler(socket_path)
        handler.handle(make_record("one"))
        assert receive(server) == "one"
    with syslog(socket_path) as server:
        handler.handle(make_record("two"))
        assert receive(server) == "two"
    assert messages(capsys) == []


@pytest.mark.slow
def test_syslog_that_stops_reading_blocks_nothing(
    capsys: Captured, socket_path: str, make_handler: MakeHandler
) -> None:
    with syslog(socket_path):
        handler = make_handler(socket_path, retry_interval=60)

        for _ in range(2_000):  # more than fit into the socket buffer
            handler.handle(make_record("x" * 1_000))

    warning, *rest = messages(capsys)
    assert "is unavailable" in warning
    assert len(rest) > 1_000


def test_unavailable_syslog_is_not_tried_for_every_record(
    capsys: Captured, socket_path: str, make_handler: MakeHandler
) -> None:
    handler = make_handler(socket_path, retry_interval=60)
    handler.handle(make_record("one"))

    with syslog(socket_path):
        handler.handle(make_record("two"))

    assert messages(capsys)[1:] == ["one", "two"]


def test_record_that_is_too_long_for_a_datagram_goes_to_stderr(
    capsys: Captured, make_handler: MakeHandler
) -> None:
    target = f"127.0.0.1:{free_udp_port()}"
    with syslog(target) as server:
        handler = make_handler(target)
        handler.handle(make_record("long", more=["x" * 4_000] * 20))
        handler.handle(make_record("short"))

        assert receive(server) == "short"
    assert messages(capsys) == ["long"]


@pytest.mark.parametrize(
    "target", ["no-such-host.invalid:514", "two..dots:514", "/", "/nowhere/log"]
)
def test_unreachable_target_raises_no_exception(
    capsys: Captured, target: str, make_handler: MakeHandler
) -> None:
    make_handler(target).handle(make_record("one"))

    assert messages(capsys)[1:] == ["one"]


def test_application_logs_to_syslog(capsys: Captured, target: str) -> None:
    with syslog(target) as server, restored_root_logger():
        app = make_app(SYSLOG_ADDRESS=target, LOG_FORMAT="json")

        app.logger.info("hello")

        assert receive(server) == "hello"
    assert messages(capsys) == []


def test_only_the_unix_configuration_uses_syslog_by_default() -> None:
    names = {name for name, settings in config.config.items() if settings.SYSLOG_ADDRESS}

    assert names == {"unix"}
    assert isinstance(create_handler(None, JsonFormatter()), StderrHandler)
