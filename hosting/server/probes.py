"""Asking a release whether it is ready: on its own socket, and through nginx as readers do."""

import http.client
import json
import socket
import ssl
import time
from pathlib import Path

from . import processes
from .places import App, Refused, call
from .processes import systemctl
from .releases import Release

SECONDS = 5.0
TIMES = 3  # in a row, so that more than one worker is asked


class Direct(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self.path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(SECONDS)
        self.sock.connect(str(self.path))


class ThroughNginx(http.client.HTTPSConnection):
    """HTTPS to nginx on this machine, whatever its certificate says."""

    def __init__(self, domain: str) -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        super().__init__(domain, 443, timeout=SECONDS, context=context)
        self.tls = context

    def connect(self) -> None:
        """Connect to this machine, and say the name of the site."""
        plain = socket.create_connection(("127.0.0.1", 443), timeout=SECONDS)
        self.sock = self.tls.wrap_socket(plain, server_hostname=self.host)


def ask(connection: http.client.HTTPConnection, domain: str) -> tuple[int, str, str]:
    """Return status, release and text of /readyz."""
    try:
        connection.request("GET", "/readyz", headers={"Host": domain, "Connection": "close"})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        return answer.status, answer.headers.get("X-Release", ""), text
    finally:
        connection.close()


def wait_until_ready(release: Release, patience: float) -> None:
    """Return once `release` has answered on its own socket often enough; say why it does not."""
    give_up = time.monotonic() + patience
    unit = processes.unit("web", release.number, 1)
    good = 0
    while good < TIMES:
        said = direct(release)
        good = good + 1 if said == f"release {release.number}" else 0
        if has_died(unit) or time.monotonic() > give_up:
            raise Refused(f"Release {release.number} did not become ready: {said}.{words(unit)}")
        if good < TIMES:
            time.sleep(0.05)


def why_not(status: int, number: str, text: str) -> str:
    """Return what an answer lacks."""
    try:
        checks = json.loads(text).get("checks", {})
    except ValueError:
        checks = {}
    bad = [f"{name}: {found['detail']}" for name, found in checks.items() if not found["ok"]]
    return (
        "; ".join(bad).rstrip(".") or f"/readyz said {status} with X-Release {number or 'missing'}"
    )


def has_died(unit: str) -> bool:
    """Tell whether systemd has had to start it again twice."""
    return int(call(systemctl("show", "--value", "--property=NRestarts", unit)) or 0) >= 2


def words(unit: str) -> str:
    """Return the last thing that a process has said."""
    of_its_own = ["_TRANSPORT=stdout", "--lines=1", "--output=cat", "--quiet"]
    said = call(["journalctl", "--user", "--unit", unit, *of_its_own]).strip()
    return f" Its last words: {said}" if said else ""


def confirm(release: Release) -> None:
    """Return once nginx hands requests to `release`."""
    app, give_up = release.app, time.monotonic() + SECONDS
    found = through_nginx(app)
    while found != f"release {release.number}":
        if time.monotonic() > give_up:
            raise Refused(f"nginx does not reach release {release.number}, but {found}.")
        time.sleep(0.1)
        found = through_nginx(app)


def through_nginx(app: App) -> str:
    """Return which release answers through nginx, or what else happens."""
    return said_by(ThroughNginx(app.domain), app)


def direct(release: Release) -> str:
    """Return what a release says on its own socket."""
    return said_by(Direct(release.socket), release.app)


def said_by(connection: http.client.HTTPConnection, app: App) -> str:
    """Return `release N` if that is ready, or what is not."""
    try:
        status, number, text = ask(connection, app.domain)
    except (OSError, http.client.HTTPException) as error:
        return f"{error.__class__.__name__}: {error}"
    return f"release {number}" if status == 200 else why_not(status, number, text)


def is_connected(release: Release) -> bool:
    """Tell whether anybody is connected to it, or waits to be."""
    table = Path("/proc/net/unix").read_text()
    return processes.connections(release.socket, table) > 0
