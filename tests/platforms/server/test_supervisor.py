"""deploy/supervisor/ with a real supervisord: it starts, stops and restarts the site."""

import http.client
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import ROOT
from tests.support.servers import BIN, Server, UnixConnection, eventually, production
from tests.support.traffic import get_status_once

pytestmark = pytest.mark.slow

CONFIGURATION = ROOT / "deploy/supervisor/flasky.conf"
# The relevant part of Debian's supervisord.conf.
SUPERVISORD_CONF = """
[unix_http_server]
file={folder}/control
[supervisord]
nodaemon=true
logfile={folder}/supervisord.log
pidfile={folder}/pid
childlogdir={folder}
{user}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{folder}/control
[include]
files = {folder}/flasky.conf
"""


class Supervisor(Server):
    """supervisord with both programs of the site, local paths, and a short `startsecs`."""

    def __init__(self, environment: dict[str, str]) -> None:
        super().__init__([], environment)
        program = shutil.which("supervisord")
        if program is None:
            pytest.skip("supervisor is not installed: sudo apt install supervisor")
        self.socket = self.folder / "web.sock"
        user = "user=root" if os.geteuid() == 0 else ""
        main = self.folder / "supervisord.conf"
        main.write_text(SUPERVISORD_CONF.format(folder=self.folder, user=user))
        (self.folder / "flasky.conf").write_text(self._edited())
        self.command = [program, "-c", str(main)]
        self.control = ["supervisorctl", "-c", str(main)]

    def _edited(self) -> str:
        text = CONFIGURATION.read_text()
        edits = {
            "/srv/flasky/instance/web.sock": str(self.socket),
            "/srv/flasky/.venv/bin:": f"{BIN}:",
            "directory=/srv/flasky": f"directory={ROOT}",
            "exec gunicorn manage:app": "exec gunicorn tests.platforms.server.slow_site:app",
            "user=flasky\n": "",
            "/var/log/supervisor": str(self.folder),
            "startsecs=5": "startsecs=1",
        }
        for old, new in edits.items():
            assert old in text, old
            text = text.replace(old, new)
        return text

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection to the site that is not open yet."""
        return UnixConnection(str(self.socket))

    def is_responding(self) -> bool:
        """Return True if the site responds and both programs are running."""
        is_up = get_status_once(self.connect(), "/healthz") == "200"
        return is_up and self.status().count("RUNNING") == 2

    def status(self, *program: str) -> str:
        """Return the output of `supervisorctl status`."""
        done = subprocess.run(
            [*self.control, "status", *program], capture_output=True, text=True, check=False
        )
        return done.stdout

    def pid_of(self, program: str) -> int:
        """Return the process ID of `program`, or 0."""
        found = re.search(r"pid (\d+)", self.status(program))
        return int(found[1]) if found else 0


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    environment = production(
        "http://localhost",
        f"sqlite:///{tmp_path}/site.sqlite",
        STATIC_ROOT=tmp_path / "static",
        PYTHONPATH=ROOT,
    )
    with Supervisor(environment) as running:
        yield running


def test_stop_completes_requests_and_leaves_no_process(supervisor: Supervisor) -> None:
    outcomes: list[str] = []
    slow = threading.Thread(
        target=lambda: outcomes.append(get_status_once(supervisor.connect(), "/slow/2.0"))
    )
    slow.start()
    eventually(
        lambda: "slow request started" in (supervisor.folder / "flasky-web.log").read_text()
    )
    master = supervisor.pid_of("flasky-web")
    stopped = subprocess.run([*supervisor.control, "stop", "flasky-web"], check=False)
    slow.join()
    assert stopped.returncode == 0
    assert outcomes == ["200"]
    assert not Path(f"/proc/{master}").exists()


@pytest.mark.parametrize("program", ["flasky-web", "flasky-worker"])
def test_killed_program_is_restarted(supervisor: Supervisor, program: str) -> None:
    first = supervisor.pid_of(program)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: supervisor.pid_of(program) not in {0, first})
    eventually(supervisor.is_responding)
