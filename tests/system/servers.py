"""gunicorn for the tests, started as an operator starts it. nginx is in nginx.py."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.mailbox import free_port

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
PATIENCE = 120  # seconds until a server must have answered, however busy the machine is
KEY = "a key for the tests, long enough to be taken for a real one"


def production(url: str, database: str, **settings: object) -> dict[str, str]:
    """Return the environment of a production site at `url`, with `settings` added."""
    environment = {
        "PATH": os.environ["PATH"],
        "FLASK_CONFIG": "production",
        "SECRET_KEY": KEY,
        "DATABASE_URL": database.replace("+psycopg2", ""),
        "FLASKY_URL": url,
    }
    return environment | {name: str(value) for name, value in settings.items()}


def run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `command` in the project's folder, with nothing but `environment` around it."""
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def eventually(is_so: Callable[[], object], what: str = "", patience: float = PATIENCE) -> None:
    """Return once `is_so()`; fail, saying `what` did not happen, if that takes too long."""
    give_up = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < give_up, f"It did not happen: {what or is_so}"
        time.sleep(0.02)


def flask(environment: dict[str, str], *words: str) -> str:
    """Run a command of the site, and expect it to work; return what it printed."""
    done = run([str(BIN / "flask"), *words], environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def deploy(environment: dict[str, str]) -> None:
    """Make the tables."""
    flask(environment, "deploy")


class Server:
    """A program that serves: started on entering, stopped on leaving, its output kept."""

    pass_fds: tuple[int, ...] = ()  # what is open here and shall be open there
    place: Path = ROOT  # where it is started

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.command = command
        # Not below pytest's folder: the path of a socket must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="server"))
        # What a killed server leaves behind goes with its folder.
        self.environment = {"TMPDIR": str(self.folder), **environment}
        self.log_file = self.folder / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        try:
            self.stop()
        finally:
            self.kill_group()
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start, and wait until it answers."""
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.place,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=self.pass_fds,
                start_new_session=True,  # so that nothing of it can be left behind
            )
        self.wait_until_it_answers()

    def stop(self, sign: int = signal.SIGTERM) -> int:
        """Send it a signal (once it has ended: nothing), wait; return its exit code."""
        process = self._process
        if process.poll() is None:
            process.send_signal(sign)
        return process.wait(timeout=PATIENCE)

    def kill_group(self) -> None:
        """Kill whatever is left of it: workers whose master was killed."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    @property
    def pid(self) -> int:
        """The process that was started: the master."""
        return self._process.pid

    @property
    def workers(self) -> list[int]:
        """The processes that it has started and that run now."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self.log_file.read_text()

    def wait_until_it_answers(self) -> None:
        """Return once it answers a request, whatever the answer is."""
        give_up = time.monotonic() + PATIENCE
        while not self.answers():
            ended = self._process.poll()
            assert ended is None, f"It ended with {ended}: {self.log}"
            assert time.monotonic() < give_up, f"It does not answer: {self.log}"
            time.sleep(0.05)

    def answers(self) -> bool:
        """Tell whether it answers a request now."""
        raise NotImplementedError

    @property
    def _process(self) -> subprocess.Popen[bytes]:
        assert self.process is not None, "Not started yet."
        return self.process


class Gunicorn(Server):
    """`gunicorn manage:app` with gunicorn.conf.py, on a free port unless `bind` says more.

    `Gunicorn(production(url, database), "--workers", "2", bind="127.0.0.1:5001")`, or
    `bind="unix:/tmp/x/web.sock"`. The database must have been deployed: `deploy(environment)`.
    """

    def __init__(
        self,
        environment: dict[str, str],
        *arguments: str,
        bind: str | None = None,
        site: str = "manage:app",
    ) -> None:
        self.bind = bind or f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.bind}"
        command = [str(BIN / "gunicorn"), site, "--bind", self.bind, *arguments]
        super().__init__(command, environment)

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection to it, not yet opened."""
        return connect(self.bind)

    def answers(self) -> bool:
        """Tell whether it answers; it listens before its workers can."""
        try:
            fetch(self.connect(), "/healthz")
        except (OSError, http.client.HTTPException):
            return False
        return True


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def fetch(
    connection: http.client.HTTPConnection, path: str = "/", method: str = "GET", **more: Any
) -> Answer:
    """Send one request over a connection of its own, with `headers=` and `body=`."""
    try:
        connection.request(method, path, **more)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def connect(bind: str) -> http.client.HTTPConnection:
    """Return a connection to what listens at `bind`: host:port or unix:path."""
    if bind.startswith("unix:"):
        return UnixConnection(bind.removeprefix("unix:"))
    host, _, port = bind.rpartition(":")
    return http.client.HTTPConnection(host, int(port), timeout=PATIENCE)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self) -> None:
        """Connect to the socket instead of a port."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)
