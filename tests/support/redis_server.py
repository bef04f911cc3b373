"""A Redis server that tests can kill and restart on the same port."""

import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import pytest
import redis

from tests.support.mailbox import free_port

TIMEOUT = 10  # seconds to start and to stop
MISSING = "Redis is not installed: sudo apt install redis-server"


class EphemeralRedis:
    """Redis on a free port: a context manager that starts and removes it.

    Data is lost when it stops, unless it is created with `durable=True`, which syncs every write
    to disk.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self.program = shutil.which("redis-server")
        if self.program is None:
            pytest.skip(MISSING)
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="redis"))
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start the server, unless it is running, and wait until it answers."""
        if self.process is None:
            self.process = subprocess.Popen(
                self._command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            self._wait_until_ready()

    def stop(self, signal_number: int = signal.SIGTERM) -> None:
        """Stop the server with a signal, if it is running."""
        if self.process is not None:
            self.process.send_signal(signal_number)
            self.process.send_signal(signal.SIGCONT)  # a paused process does not handle signals
            self.process.wait(TIMEOUT)
            self.process = None

    def kill(self) -> None:
        """Stop the server without a clean shutdown."""
        self.stop(signal.SIGKILL)

    def pause(self) -> None:
        """Suspend the server: it accepts connections, but does not answer."""
        assert self.process is not None, "not running"
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Continue after `pause`."""
        assert self.process is not None, "not running"
        self.process.send_signal(signal.SIGCONT)

    def client(self) -> "redis.Redis":
        """Return a client: a context manager that closes it."""
        return redis.Redis.from_url(self.url)

    def _command(self) -> list[str]:
        assert self.program is not None
        options = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.folder),
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "always" if self.durable else "no",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        return [self.program, *arguments]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                with self.client() as client:
                    client.ping()
            except redis.ConnectionError:
                assert self.process is not None
                assert self.process.poll() is None, "redis-server exited"
                assert time.monotonic() < deadline, f"redis-server on {self.port} does not answer"
                time.sleep(0.02)
            else:
                return
