"""gunicorn for the tests, started the way an operator starts it. nginx is in nginx.py."""

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

from tests.support.mailbox import free_port

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
TIMEOUT = 120  # seconds for a server to respond, also on a busy machine
SECRET_KEY = "a key for the tests, as long as a real one has to be"


def production(url: str, database: str, **settings: object) -> dict[str, str]:
    """Return the environment variables of a production site at `url`, plus `settings`."""
    environment = {
        "PATH": os.environ["PATH"],
        "FLASK_CONFIG": "production",
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": database.replace("+psycopg2", ""),
        "SITE_URL": url,
    }
    return environment | {name: str(value) for name, value in settings.items()}


def run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `command` in the root of the repository, with `environment` and nothing else."""
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def eventually(condition: Callable[[], object], what: str = "", timeout: float = TIMEOUT) -> None:
    """Return once `condition()` is true; fail with `what` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"Timeout: {what or condition}"
        time.sleep(0.02)


def flask(environment: dict[str, str], *arguments: str) -> str:
    """Run a `flask` command, and return its output; fail unless it exits with 0."""
    completed = run([str(BIN / "flask"), *arguments], environment)
    assert completed.returncode == 0, completed.stderr
    return completed.stdout


def deploy(environment: dict[str, str]) -> None:
    """Run `flask deploy`."""
    flask(environment, "deploy")


class Server:
    """A server process: started on entry, stopped on exit, with its output in `log`."""

    pass_fds: tuple[int, ...] = ()  # file descriptors that it inherits
    cwd: Path = ROOT

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.command = command
        # Not in pytest's folder: the path of a Unix socket must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="server"))
        # Temporary files of a killed server are deleted together with the folder.
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
        """Start the process, and wait until it responds."""
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=self.pass_fds,
                start_new_session=True,  # so that kill_group() reaches its children
            )
        self.wait_until_responding()

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """Send a signal, unless it has exited; wait, and return its exit code."""
        process = self._process
        if process.poll() is None:
            process.send_signal(signum)
        return process.wait(timeout=TIMEOUT)

    def kill_group(self) -> None:
        """Kill the processes that it has left behind, such as workers of a killed master."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    @property
    def pid(self) -> int:
        """The process ID of the process that was started: the master."""
        return self._process.pid

    @property
    def workers(self) -> list[int]:
        """The process IDs of its children."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    @property
    def log(self) -> str:
        """Its output so far."""
        return self.log_file.read_text()

    def wait_until_responding(self) -> None:
        """Return once it responds to a request, with any status."""
        deadline = time.monotonic() + TIMEOUT
        while not self.is_responding():
            exit_code = self._process.poll()
            assert exit_code is None, f"Exited with {exit_code}: {self.log}"
            assert time.monotonic() < deadline, f"No response: {self.log}"
            time.sleep(0.05)

    def is_responding(self) -> bool:
        """Return True if it responds to a request."""
        raise NotImplementedError

    @property
    def _process(self) -> subprocess.Popen[bytes]:
        assert self.process is not None, "The server has not been started."
        return self.process


class Gunicorn(Server):
    """`gunicorn manage:app` with gunicorn.conf.py, on a free port or at `bind`.

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
        """Return a connection that is not open yet."""
        return connect(self.bind)

    def is_responding(self) -> bool:
        """Return True if a worker responds; the master listens earlier than that."""
        try:
            fetch(self.connect(), "/healthz")
        except (OSError, http.client.HTTPException):
            return False
        return True


@dataclass(frozen=True)
class Response:
    """An HTTP response."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def fetch(
    connection: http.client.HTTPConnection, path: str = "/", method: str = "GET", **options: Any
) -> Response:
    """Send one request and close the connection; `options` are `headers` and `body`."""
    try:
        connection.request(method, path, **options)
        response = connection.getresponse()
        return Response(response.status, response.headers, response.read())
    finally:
        connection.close()


def connect(bind: str) -> http.client.HTTPConnection:
    """Return a connection to `bind`: host:port or unix:path."""
    if bind.startswith("unix:"):
        return UnixConnection(bind.removeprefix("unix:"))
    return http.client.HTTPConnection(bind, timeout=TIMEOUT)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self.path = path

    def connect(self) -> None:
        """Connect to the Unix socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(self.path)
