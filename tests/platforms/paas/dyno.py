"""A process of an app, started the way Heroku does: by a shell, in the slug."""

import http.client
import os
import signal
from pathlib import Path

from tests.platforms.paas.slug import Slug
from tests.support.mailbox import free_port
from tests.support.servers import TIMEOUT, Server, connect
from tests.support.traffic import get_status_once


class Dyno(Server):
    """The process `kind` of the Procfile, with `variables`. `log` is its stderr."""

    def __init__(self, slug: Slug, kind: str, variables: dict[str, str]) -> None:
        super().__init__([], slug.environment(variables) | {"DYNO": f"{kind}.1"})
        self.cwd = slug.folder
        self.stdout = self.folder / "stdout"
        command = f'exec "$0" "$@" >{self.stdout}'
        self.command = ["bash", "-c", command, "bash", "-c", slug.processes[kind]]

    def end(self) -> int:
        """Send SIGTERM to all its processes, like Heroku; return the exit code."""
        os.killpg(self.pid, signal.SIGTERM)
        return self._process.wait(timeout=TIMEOUT)

    def processes(self) -> list[int]:
        """Return the IDs of all its processes."""
        running = (path for path in Path("/proc").iterdir() if path.name.isdigit())
        return [int(path.name) for path in running if group_of(path) == self.pid]


class Web(Dyno):
    """The process `web`, on a port that the platform assigns."""

    def __init__(self, slug: Slug, variables: dict[str, str]) -> None:
        super().__init__(slug, "web", variables)
        self.port = free_port()
        self.environment["PORT"] = str(self.port)

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection that is not open yet."""
        return connect(f"127.0.0.1:{self.port}")

    def is_responding(self) -> bool:
        """Return True if it responds."""
        return get_status_once(self.connect(), "/healthz") == "200"


class Worker(Dyno):
    """The process `worker`."""

    def __init__(self, slug: Slug, variables: dict[str, str]) -> None:
        super().__init__(slug, "worker", variables)

    def is_responding(self) -> bool:
        """Return True if it has started."""
        return "Worker started" in self.log


def group_of(process: Path) -> int:
    """Return the process group of a process in /proc; 0 once it has exited."""
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[2])
    except (FileNotFoundError, ProcessLookupError):
        return 0
