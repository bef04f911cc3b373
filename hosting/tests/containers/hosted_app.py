"""An app on a server: what clients get, and whether the server's state is consistent."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from .debian import DebianServer
from .podman import Done
from .web import LoadClients, Response, get, wait_until
from .workstation import Workstation, connect, fetch

TINY = {
    name: Path(__file__).parent / "tiny" / name
    for name in ("Procfile", "pyproject.toml", "requirements.txt", "app.py")
}
RESTART = "systemctl restart user@$(id -u tiny)"  # of the minimal app's systemd, as at boot
CLIENTS = 32
PAUSE = 1.5  # seconds between requests of a client, so that deploys have CPU time, too
REPOSITORY = Path(__file__).parents[3]
# The live release, the socket that nginx uses, the running web processes, and the releases without
# a result; the lock must become free. Then git's main and the audit log must agree with the
# records.
STATE = """
cd /srv/{0}
readlink state/current run/live.sock
systemctl --user -M {0}@ list-units --plain --no-legend --all 'process-web@*' | cut -d' ' -f1,3
grep -L '"result"' releases/*/release.json
flock --timeout 60 state/lock echo free
runuser -u {0} -- git --git-dir=repo.git rev-parse main | cut -c -40 >/tmp/main
grep -q $(cat /tmp/main) $(readlink state/current)/release.json && echo main is live
for number in $(ls releases); do
    result=$(sed 's/.*"result": "\\([a-z]*\\)".*/\\1/' releases/$number/release.json)
    grep -q "release $number: $result" audit.jsonl || echo not in the audit log: $number $result
done
"""


@dataclass(frozen=True)
class HostedApp:
    """An app on a server, and the workstation that it is deployed from."""

    name: str
    domain: str
    server: DebianServer
    workstation: Workstation
    set_up: Done
    deployed: Done

    @property
    def release(self) -> int:
        """The release that responds."""
        return int(self.get("/readyz").headers["X-Release"])

    def get(self, path: str) -> Response:
        """Request a page."""
        return fetch(self.server, path, self.domain)

    def is_ready(self) -> bool:
        """Return True if the site responds."""
        try:
            return self.get("/readyz").status == 200
        except (OSError, HTTPException):
            return False

    def push(self) -> Done:
        """Push the current commit; it may be rejected."""
        return self.workstation.git("push", "fra", "main", check=False)

    def state(self) -> str:
        """Return the state of the server."""
        return self.server.root(STATE.format(self.name), check=False)

    def expected_state(self) -> str:
        """Return the state in which the release that responds is live, and no other runs."""
        number = self.release
        process = f"process-web@{number}-1.service active"
        return (
            f"/srv/{self.name}/releases/{number}\n{number}.sock\n{process}\nfree\nmain is live\n"
        )

    def assert_consistent(self) -> None:
        """Assert that one release is live, and that everything on the server agrees."""
        assert self.state() == self.expected_state()

    def wait_until_consistent(self) -> None:
        """Wait for the same."""
        wait_until(
            lambda: self.is_ready() and self.state() == self.expected_state(), "consistent state"
        )


def host(
    workstation: Workstation, server: DebianServer, app: str, domain: str, *options: str
) -> HostedApp:
    """Set up a bare server for an app, and deploy it."""
    server.authorize(workstation.public_key)
    set_up = workstation.set_up(server, app, "--region", "fra", *options, domain=domain)
    return HostedApp(
        app, domain, server, workstation, set_up, workstation.hosting("deploy", "--yes")
    )


@contextmanager
def load(app: HostedApp) -> Iterator[LoadClients]:
    """Send requests continuously, half of them over kept connections."""
    headers = {"Host": app.domain}
    kept = [connect(app.server) for _ in range(CLIENTS // 2)]
    requests: list[Callable[[], object]] = [
        lambda connection=connection: get(connection, "/", headers=headers).status  # type: ignore[misc]  # bound now
        for connection in kept
    ]
    requests += [lambda: fetch(app.server, "/", app.domain).status] * (CLIENTS // 2)
    with LoadClients(requests, PAUSE) as clients:
        yield clients
        clients.wait_for_all()
    for connection in kept:
        connection.close()


def repository() -> dict[str, Path]:
    """Return the files of the repository around hosting/, or the tiny app if there is none."""
    if not (REPOSITORY / "Procfile").is_file():
        return TINY
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    return {
        name: REPOSITORY / name
        for name in listed.stdout.splitlines()
        if (REPOSITORY / name).is_file()
    }
