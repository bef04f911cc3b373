"""A process of an app, started as Heroku starts it: by a shell, in the slug."""

import http.client
import os
import signal
from pathlib import Path

from tests.mailbox import free_port
from tests.paas.slug import Slug
from tests.system.servers import PATIENCE, Server, connect
from tests.system.traffic import ask_once


class Dyno(Server):
    """The process `kind` of the Procfile, with `variables`. `log` is what it writes to stderr."""

    def __init__(self, slug: Slug, kind: str, variables: dict[str, str]) -> None:
        super().__init__([], slug.environment(variables) | {"DYNO": f"{kind}.1"})
        self.place = slug.folder
        self.stdout = self.folder / "stdout"
        aside = f'exec "$0" "$@" >{self.stdout}'
        self.command = ["bash", "-c", aside, "bash", "-c", slug.processes[kind]]

    def end(self) -> int:
        """Tell all its processes to end, as Heroku does; return the exit code."""
        os.killpg(self.pid, signal.SIGTERM)
        return self._process.wait(timeout=PATIENCE)

    def processes(self) -> list[int]:
        """Return all processes that it consists of."""
        running = (path for path in Path("/proc").iterdir() if path.name.isdigit())
        return [int(path.name) for path in running if group_of(path) == self.pid]


class Web(Dyno):
    """The process `web`, at a port that the platform has chosen."""

    def __init__(self, slug: Slug, variables: dict[str, str]) -> None:
        super().__init__(slug, "web", variables)
        self.port = free_port()
        self.environment["PORT"] = str(self.port)

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection to it, not yet opened."""
        return connect(f"127.0.0.1:{self.port}")

    def answers(self) -> bool:
        """Tell whether it answers; no router asks before."""
        return ask_once(self.connect(), "/healthz") == "200"


class Worker(Dyno):
    """The process `worker`."""

    def __init__(self, slug: Slug, variables: dict[str, str]) -> None:
        super().__init__(slug, "worker", variables)

    def answers(self) -> bool:
        """Tell whether it has begun."""
        return "The worker does the jobs of" in self.log


def group_of(process: Path) -> int:
    """Return the group of a process in /proc; 0 once it has ended."""
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[2])
    except (FileNotFoundError, ProcessLookupError):
        return 0
