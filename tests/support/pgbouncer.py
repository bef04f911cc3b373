"""PgBouncer in transaction mode, in front of a PostgreSQL server of the tests."""

import getpass
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import psycopg2
import pytest
from sqlalchemy import make_url

from tests.support.databases import EphemeralPostgres
from tests.support.mailbox import free_port

TIMEOUT = 10  # seconds to start and to stop
MISSING = "PgBouncer is not installed: sudo apt install pgbouncer"
# Round robin: no session can rely on getting the same connection again.
CONFIGURATION = """[databases]
* = host={server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
min_pool_size = 3
server_round_robin = 1
"""


class PgBouncer:
    """A context manager that starts and stops it."""

    def __init__(self, postgres: EphemeralPostgres) -> None:
        # Debian installs it in a directory that only root searches.
        self.program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
        if self.program is None:
            pytest.skip(MISSING)
        self.user = postgres.server.system_user or getpass.getuser()  # it does not run as root
        self.server = postgres.folder / "data"
        self.port = free_port()

    def __enter__(self) -> Self:
        assert self.program is not None
        self.folder = Path(tempfile.mkdtemp(prefix="pgbouncer"))
        self.folder.chmod(0o755)
        file = self.folder / "pgbouncer.ini"
        file.write_text(CONFIGURATION.format(server=self.server, port=self.port))
        command = [self.program, "--quiet", "--user", self.user, str(file)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        self._wait_until_ready()
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.terminate()
        self.process.wait(TIMEOUT)
        shutil.rmtree(self.folder)

    def url(self, url: str) -> str:
        """Return the URL of a database on the server, through PgBouncer."""
        pooled = make_url(url).set(host="127.0.0.1", port=self.port, query={})
        return pooled.render_as_string(hide_password=False)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                psycopg2.connect(
                    host="127.0.0.1", port=self.port, user="postgres", dbname="postgres"
                ).close()
            except psycopg2.OperationalError:
                assert self.process.poll() is None, "pgbouncer exited"
                assert time.monotonic() < deadline, f"pgbouncer on {self.port} does not answer"
                time.sleep(0.02)
            else:
                return
