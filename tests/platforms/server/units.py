"""Services of deploy/systemd/, started without systemd.

The listening socket of the site stays open, so that requests queue while the service restarts.
ExecStartPre commands run before a start, and RestartSec passes before a restart.
"""

import os
import re
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.databases import is_running
from tests.support.servers import BIN, ROOT, Gunicorn, Server, UnixConnection, eventually, run

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
    """The commands to run before a start, and the seconds to wait before a restart."""

    before: list[list[str]]
    pause: float


def read_unit(name: str) -> Unit:
    """Return the unit `name`, with commands of this environment."""
    text = (UNITS / f"{name}.service").read_text()
    text += (UNITS / "flasky-.service.d/common.conf").read_text()
    commands = re.findall(r"^ExecStartPre=/srv/flasky/\.venv/bin/(.+)$", text, re.MULTILINE)
    pauses = re.findall(r"^RestartSec=(\d+)$", text, re.MULTILINE)
    assert commands
    assert len(pauses) == 1
    words = [command.split() for command in commands]
    return Unit([[str(BIN / program), *rest] for program, *rest in words], float(pauses[0]))


class Service(Server):
    """A server that starts and stops as `unit` says; put this class first among the bases."""

    unit: Unit

    def start(self) -> None:
        """Run the ExecStartPre commands, then start."""
        for command in self.unit.before:
            done = run(command, self.environment)
            assert done.returncode == 0, done.stderr
        super().start()

    def kill(self) -> None:
        """Kill the main process; stop its children, and wait until they have exited."""
        others = self.workers
        self.stop(signal.SIGKILL)
        for pid in others:
            if is_running(pid):
                os.kill(pid, signal.SIGTERM)
        eventually(lambda: not any(map(is_running, others)), "its children exit")


class ListeningSocket:
    """A listening socket that outlives its server, like flasky-web.socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen(BACKLOG)

    def connect(self) -> UnixConnection:
        """Return a connection that is not open yet."""
        return UnixConnection(str(self.path))

    def close(self) -> None:
        """Stop listening."""
        self.socket.close()


class ActivatedGunicorn(Gunicorn):
    """gunicorn with socket activation."""

    def __init__(
        self, environment: dict[str, str], held: ListeningSocket, site: str = "manage:app"
    ) -> None:
        super().__init__(environment, bind=f"unix:{held.path}", site=site)
        self.pass_fds = (held.socket.fileno(),)
        start = [str(BIN / "gunicorn"), site]
        self.command = [sys.executable, "-c", LAUNCHER, str(held.socket.fileno()), *start]


class WebService(Service, ActivatedGunicorn):
    """flasky-web.service."""

    unit = read_unit("flasky-web")
