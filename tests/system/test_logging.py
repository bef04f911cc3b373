"""The log of a site under gunicorn: whole, once, in one format, and in nobody's way."""

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

from tests.databases import new_sqlite_url
from tests.logbook import Line, lines
from tests.mailbox import free_port
from tests.system.servers import BIN, KEY, PATIENCE, Gunicorn, deploy, production, run

pytestmark = pytest.mark.slow

MAIL = {"MAIL_SERVER": "localhost", "FLASKY_ADMIN": "boss@example.com"}
SITES: dict[str, tuple[str, ...]] = {
    "one worker": ("--workers", "1"),
    "two workers": ("--workers", "2"),
    "application made before the fork": ("--workers", "2", "--preload"),
    "without our file": ("--workers", "1", "--config", "python:keyword"),  # holds no settings
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A deployed site on SQLite."""
    url = f"http://127.0.0.1:{free_port()}"
    settings = production(url, new_sqlite_url(tmp_path), FLASKY_RELEASE="42", FLASKY_PROXIES=1)
    deploy(settings)
    return settings


def serve(environment: dict[str, str], *arguments: str) -> Gunicorn:
    """Return gunicorn on the port that the environment tells the site's address with."""
    return Gunicorn(
        environment, *arguments, bind=environment["FLASKY_URL"].removeprefix("http://")
    )


def visit(url: str, number: str) -> int:
    """Open `url` with the request number that a proxy would give; return the status."""
    try:
        answer = urlopen(Request(url, headers={"X-Request-ID": number}))
    except HTTPError as error:
        answer = error
    with answer:
        assert answer.headers["X-Request-ID"] == number
        return int(answer.status)


def requests(log: str) -> list[Line]:
    """Return the lines about requests; fail if any line of the log is no JSON."""
    return [line for line in lines(log) if line["logger"] == "app.requests"]


def wait_until(condition: Callable[[], Any]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, "It did not happen."
        time.sleep(0.02)


@pytest.mark.parametrize("arguments", SITES.values(), ids=SITES)
def test_every_request_is_one_line_of_json_and_no_secret_is_written(
    environment: dict[str, str], arguments: tuple[str, ...]
) -> None:
    paths = ["/", "/user/nobody", "/auth/login", "/auth/reset/the-very-token", "/nowhere%0A%7B"]
    with serve(environment, *arguments) as server:
        for number, path in enumerate(paths):
            visit(server.url + path, f"request-number-{number}")
        server.stop()
        log = server.log

    foreign = "[20" if "--config" in arguments else None  # how gunicorn's own lines begin
    ours = [line for line in log.splitlines() if not foreign or not line.startswith(foreign)]
    told = requests("\n".join(ours))
    assert [line["request_id"] for line in told] == [f"request-number-{n}" for n in range(5)]
    assert [line["status"] for line in told] == [200, 404, 200, 400, 404]
    assert {line["release"] for line in told} == {"42"}
    assert KEY not in log
    assert "the-very-token" not in log
    assert log.count("Shutting down") == 1


def test_full_disk_of_the_log_costs_no_request(environment: dict[str, str]) -> None:
    server = serve(environment, "--workers", "2")
    server.command = ["sh", "-c", 'exec "$@" 2>/dev/full', "sh", *server.command]

    with server:
        statuses = [visit(f"{server.url}/", f"request-number-{n}") for n in range(200)]
        exit_code = server.stop()

    assert set(statuses) == {200}
    assert exit_code in {0, 120}  # 120: Python has words left that it cannot write


@pytest.fixture
def syslog(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Syslog"]:
    with Syslog() as server:
        yield server


class Syslog:
    """A real socket, as /dev/log is one, and what came in."""

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

    def read(self) -> list[Line]:
        """Return what has come in since the last time."""
        found: list[Line] = []
        while True:
            try:
                packet = self.socket.recv(100_000).decode()
            except BlockingIOError:
                return found
            match = re.fullmatch(r"<\d+>flasky\[\d+\]: (\{.*\})", packet)
            assert match is not None, packet
            found.append(json.loads(match[1]))


def test_site_that_logs_to_syslog_outlives_it(environment: dict[str, str], syslog: Syslog) -> None:
    settings = {**environment, "FLASK_CONFIG": "unix", "FLASKY_SYSLOG": syslog.path}
    with serve(settings, "--workers", "1") as server:
        syslog.read()
        visit(f"{server.url}/", "request-number-1")
        assert [line["request_id"] for line in syslog.read()] == ["request-number-1"]
        assert requests(server.log) == []

        syslog.__exit__()
        assert [visit(f"{server.url}/", f"request-number-{n}") for n in range(2, 5)] == [200] * 3
        wait_until(lambda: len(requests(server.log)) == 3)
        assert server.log.count("Syslog does not answer") == 1
        assert "Traceback" not in server.log

        syslog.__enter__()
        wait_until(lambda: visit(f"{server.url}/", "request-number-5") and syslog.read())


def test_site_starts_without_syslog_and_says_so(environment: dict[str, str]) -> None:
    settings = {**environment, "FLASK_CONFIG": "unix", "FLASKY_SYSLOG": "/nowhere/log"}
    with serve(settings, "--workers", "1") as server:
        visit(f"{server.url}/", "request-number-1")
        log = server.log

    warned = [line for line in lines(log) if "Syslog does not answer" in line["message"]]
    assert [line["level"] for line in warned] == ["WARNING"]
    assert [line["request_id"] for line in requests(log)] == ["request-number-1"]


def test_commands_print_nothing_but_their_own_words(environment: dict[str, str]) -> None:
    done = run([str(BIN / "flask"), "deploy"], environment | MAIL)

    assert done.stdout.startswith("Migrations:")
    assert done.stderr == ""
