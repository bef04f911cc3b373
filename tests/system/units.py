"""Services as deploy/systemd/ has them started, on machines without systemd.

systemd holds the socket of the site, so that requests wait there while nobody takes them. Before
a service starts it runs what the unit says, and one that has died is started again after a pause.
"""

import os
import re
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.databases import is_running
from tests.system.servers import BIN, ROOT, Gunicorn, Server, UnixConnection, eventually, run

UNITS = ROOT / "deploy/systemd"
BACKLOG = 2048
LAUNCHER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True)
class Unit:
    """What a unit says: commands to run before the start, and seconds to wait after a death."""

    before: list[list[str]]
    pause: float


def read_unit(name: str) -> Unit:
    """Return the unit `name`, with the commands of this environment instead of the server's."""
    text = (UNITS / f"{name}.service").read_text()
    text += (UNITS / "flasky-.service.d/common.conf").read_text()
    commands = re.findall(r"^ExecStartPre=/srv/flasky/\.venv/bin/(.+)$", text, re.MULTILINE)
    pauses = re.findall(r"^RestartSec=(\d+)$", text, re.MULTILINE)
    assert commands
    assert len(pauses) == 1
    words = [command.split() for command in commands]
    return Unit([[str(BIN / program), *rest] for program, *rest in words], float(pauses[0]))


class Service(Server):
    """A server that is started and ended as `unit` says. Inherit from this class first."""

    unit: Unit

    def start(self) -> None:
        """Run what comes before, then start."""
        for command in self.unit.before:
            done = run(command, self.environment)
            assert done.returncode == 0, done.stderr
        super().start()

    def kill(self) -> None:
        """Kill its first process. What that has started is told to end, and has ended then."""
        others = self.workers
        self.stop(signal.SIGKILL)
        for pid in others:
            if is_running(pid):
                os.kill(pid, signal.SIGTERM)
        eventually(lambda: not any(map(is_running, others)), "what was left of it ends")


class HeldSocket:
    """A socket that outlives the server that is started on it, as flasky-web.socket does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen(BACKLOG)

    def connect(self) -> UnixConnection:
        """Return a connection to whoever serves there, not yet opened."""
        return UnixConnection(str(self.path))

    def close(self) -> None:
        """Take no more connections."""
        self.socket.close()


class ActivatedGunicorn(Gunicorn):
    """gunicorn on a socket that it was given."""

    def __init__(
        self, environment: dict[str, str], held: HeldSocket, site: str = "manage:app"
    ) -> None:
        super().__init__(environment, bind=f"unix:{held.path}", site=site)
        self.pass_fds = (held.socket.fileno(),)
        start = [str(BIN / "gunicorn"), site]
        self.command = [sys.executable, "-c", LAUNCHER, str(held.socket.fileno()), *start]


class WebService(Service, ActivatedGunicorn):
    """flasky-web.service."""

    unit = read_unit("flasky-web")
