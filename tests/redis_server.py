"""A real Redis server for the tests: it can be killed and started again on the same port."""

import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import pytest
import redis

from .mailbox import free_port

PATIENCE = 10  # seconds until it must answer
MISSING = "Redis is not installed: sudo apt install redis-server"


class EphemeralRedis:
    """Redis on a free port of this machine, started when entered and gone afterwards.

    It keeps nothing when it is stopped, unless it is made with `durable=True`: then every write
    is on disk before it is answered, and `start` finds it again.
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
        """Start the server, if it does not run, and wait until it answers."""
        if self.process is None:
            self.process = subprocess.Popen(
                self._command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            self._wait_until_it_answers()

    def stop(self, sign: int = signal.SIGTERM) -> None:
        """End the server by a signal; nothing happens if it does not run."""
        if self.process is not None:
            self.process.send_signal(sign)
            self.process.send_signal(signal.SIGCONT)  # else it never hears of it, if it hangs
            self.process.wait(PATIENCE)
            self.process = None

    def kill(self) -> None:
        """End the server as a power cut does."""
        self.stop(signal.SIGKILL)

    def hang(self) -> None:
        """Have the server take connections and answer nobody, until `go_on`."""
        assert self.process is not None, "Not started yet."
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End what `hang` began."""
        assert self.process is not None, "Not started yet."
        self.process.send_signal(signal.SIGCONT)

    def client(self) -> "redis.Redis":
        """Return a client; close it (it is a context manager)."""
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
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return [self.program, *words]

    def _wait_until_it_answers(self) -> None:
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                with self.client() as client:
                    client.ping()
            except redis.ConnectionError:
                assert self.process is not None
                assert self.process.poll() is None, "redis-server ended at once"
                assert time.monotonic() < give_up, f"redis-server on {self.port} does not answer"
                time.sleep(0.02)
            else:
                return
