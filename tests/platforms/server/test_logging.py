"""The log of a site under gunicorn: complete, not duplicated, in one format, never blocking."""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.support.databases import new_sqlite_url
from tests.support.log_capture import LogEntry, parse_log
from tests.support.mailbox import free_port
from tests.support.servers import BIN, SECRET_KEY, TIMEOUT, Gunicorn, deploy, production, run

pytestmark = pytest.mark.slow

MAIL = {"MAIL_SERVER": "localhost", "FLASKY_ADMIN": "boss@example.com"}
SITES: dict[str, tuple[str, ...]] = {
    "one worker": ("--workers", "1"),
    "two workers": ("--workers", "2"),
    "gunicorn's access log": ("--workers", "1", "--access-logfile", "-"),
    "preloaded application": ("--workers", "2", "--preload"),
    "without gunicorn.conf.py": (
        "--workers",
        "1",
        "--config",
        "python:keyword",
    ),  # contains no settings
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A deployed site on SQLite."""
    url = f"http://127.0.0.1:{free_port()}"
    settings = production(url, new_sqlite_url(tmp_path), RELEASE="42", TRUSTED_PROXY_COUNT=1)
    deploy(settings)
    return settings


def serve(environment: dict[str, str], *arguments: str) -> Gunicorn:
    """Return gunicorn on the port of SITE_URL."""
    return Gunicorn(environment, *arguments, bind=environment["SITE_URL"].removeprefix("http://"))


def get(url: str, request_id: str) -> int:
    """Request `url` with the request ID of a proxy; return the status."""
    try:
        answer = urlopen(Request(url, headers={"X-Request-ID": request_id}))
    except HTTPError as error:
        answer = error
    with answer:
        assert answer.headers["X-Request-ID"] == request_id
        return int(answer.status)


def requests(log: str) -> list[LogEntry]:
    """Return the access log entries; fail if a line of the log is not JSON."""
    return [line for line in parse_log(log) if line["logger"] == "app.requests"]


def wait_until(condition: Callable[[], Any]) -> None:
    give_up = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < give_up, "Timeout"
        time.sleep(0.02)


@pytest.mark.parametrize("arguments", SITES.values(), ids=SITES)
def test_every_request_is_logged_once_as_json_without_secrets(
    environment: dict[str, str], arguments: tuple[str, ...]
) -> None:
    paths = ["/", "/user/nobody", "/auth/login", "/auth/reset/the-very-token", "/nowhere%0A%7B"]
    with serve(environment, *arguments) as server:
        for number, path in enumerate(paths):
            get(server.url + path, f"request-number-{number}")
        server.stop()
        log = server.log

    foreign = "[20" if "--config" in arguments else None  # prefix of gunicorn's own format
    ours = [line for line in log.splitlines() if not foreign or not line.startswith(foreign)]
    told = requests("\n".join(ours))
    assert [line["request_id"] for line in told] == [f"request-number-{n}" for n in range(5)]
    assert [line["status"] for line in told] == [200, 404, 200, 400, 404]
    assert {line["release"] for line in told} == {"42"}
    assert SECRET_KEY not in log
    assert "the-very-token" not in log
    assert log.count("Shutting down") == 1
    assert ("gunicorn.access" in log) is ("--access-logfile" in arguments)


def test_full_log_disk_fails_no_request(environment: dict[str, str]) -> None:
    server = serve(environment, "--workers", "2")
    server.command = ["sh", "-c", 'exec "$@" 2>/dev/full', "sh", *server.command]

    with server:
        statuses = [get(f"{server.url}/", f"request-number-{n}") for n in range(200)]
        exit_code = server.stop()

    assert set(statuses) == {200}
    assert exit_code in {0, 120}  # 120: Python could not flush its output


@pytest.fixture
def syslog(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Syslog"]:
    with Syslog() as server:
        yield server


class Syslog:
    """A Unix datagram socket, like /dev/log, and the messages it received."""

    def __init__(self) -> None:
        self.path = f"/tmp/flasky-syslog-{free_port()}"

    def __enter__(self) -> "Syslog":
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()
        Path(self.path).unlink(missing_ok=True)

    def read(self) -> list[LogEntry]:
        """Return the messages since the last call."""
        found: list[LogEntry] = []
        while True:
            try:
                packet = self.socket.recv(100_000).decode()
            except BlockingIOError:
                return found
            match = re.fullmatch(r"<\d+>flasky\[\d+\]: (\{.*\})", packet)
            assert match is not None, packet
            found.append(json.loads(match[1]))


def test_site_keeps_serving_when_syslog_stops(environment: dict[str, str], syslog: Syslog) -> None:
    settings = {**environment, "FLASK_CONFIG": "unix", "SYSLOG_ADDRESS": syslog.path}
    with serve(settings, "--workers", "1") as server:
        syslog.read()
        get(f"{server.url}/", "request-number-1")
        assert [line["request_id"] for line in syslog.read()] == ["request-number-1"]
        assert requests(server.log) == []

        syslog.__exit__()
        assert [get(f"{server.url}/", f"request-number-{n}") for n in range(2, 5)] == [200] * 3
        wait_until(lambda: len(requests(server.log)) == 3)
        assert server.log.count("is unavailable") == 1
        assert "Traceback" not in server.log

        syslog.__enter__()
        wait_until(lambda: get(f"{server.url}/", "request-number-5") and syslog.read())


def test_site_starts_without_syslog_and_logs_a_warning(environment: dict[str, str]) -> None:
    settings = {**environment, "FLASK_CONFIG": "unix", "SYSLOG_ADDRESS": "/nowhere/log"}
    with serve(settings, "--workers", "1") as server:
        get(f"{server.url}/", "request-number-1")
        log = server.log

    warned = [line for line in parse_log(log) if "is unavailable" in line["message"]]
    assert [line["level"] for line in warned] == ["WARNING"]
    assert [line["request_id"] for line in requests(log)] == ["request-number-1"]


def test_commands_print_no_log_entries(environment: dict[str, str]) -> None:
    done = run([str(BIN / "flask"), "deploy"], environment | MAIL)

    assert done.stdout.startswith("Migrations:")
    assert done.stderr == ""
