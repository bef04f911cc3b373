"""Health checks of a release: on its own socket, and through nginx."""

import http.client
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

from . import manifest, processes
from .paths import App, CommandError, call
from .processes import systemctl
from .releases import Release

TIMEOUT = 5.0  # seconds
SUCCESSES = 3  # consecutive ones, so that more than one worker is likely to be checked
READY = "ready"


def direct(release: Release) -> str:
    """Check a release on its own socket; return READY, or what is wrong."""
    return check(release, lambda: connect_directly(release))


def through_nginx(release: Release) -> str:
    """Check through nginx that `release` responds; return READY, or what is wrong."""
    return check(release, lambda: connect_to_nginx(release.app))


def check(release: Release, connect: Callable[[], socket.socket]) -> str:
    """Request the health check over a new connection; return READY, or what is wrong."""
    app = manifest.read(release.src)
    connection = http.client.HTTPConnection(domain(release.app))
    try:
        connection.sock = connect()
        connection.request("GET", app.health_check, headers={"Connection": "close"})
        response = connection.getresponse()
        body = " ".join(response.read(300).decode(errors="replace").split())
    except (OSError, http.client.HTTPException) as error:
        return f"{error.__class__.__name__}: {error}"
    finally:
        connection.close()
    if response.status >= 400:
        is_html = "html" in response.headers.get("Content-Type", "")
        return f"{app.health_check} returned {response.status}{'' if is_html else f': {body}'}"
    number = response.headers.get(app.release_header) if app.release_header else None
    if app.release_header and number != str(release.number):
        return f"{app.health_check} returned {app.release_header}: {number or 'nothing'}"
    return READY


def connect_directly(release: Release) -> socket.socket:
    """Connect to the release's unix socket."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(TIMEOUT)
    connection.connect(str(release.socket))
    return connection


def connect_to_nginx(app: App) -> ssl.SSLSocket:
    """Connect to nginx on this machine. Its certificate may be self-signed."""
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", 443), timeout=TIMEOUT)
    return tls.wrap_socket(plain, server_hostname=domain(app))


def domain(app: App) -> str:
    """Return the domain of the site."""
    return str(app.site()["domain"])


def wait_until_ready(release: Release, timeout: float) -> None:
    """Wait for consecutive successful checks on the own socket; raise CommandError otherwise."""
    deadline = time.monotonic() + timeout
    unit = processes.unit("web", release.number, 1)
    successes = 0
    while successes < SUCCESSES:
        state = direct(release)
        successes = successes + 1 if state == READY else 0
        if state != READY and (is_crashing(unit) or time.monotonic() > deadline):
            raise CommandError(
                f"Release {release.number} did not become ready: {state}.{last_output(unit)}"
            )
        time.sleep(0.05)


def is_crashing(unit: str) -> bool:
    """Return True if systemd has restarted a unit twice."""
    return int(call(systemctl("show", "--value", "--property=NRestarts", unit)) or 0) >= 2


def last_output(unit: str) -> str:
    """Return the last line that a process wrote."""
    options = ["_TRANSPORT=stdout", "--lines=1", "--output=cat", "--quiet"]
    line = call(["journalctl", "--user", "--unit", unit, *options]).strip()
    return f" Last output: {line}" if line else ""


def confirm(release: Release) -> None:
    """Wait until nginx sends requests to `release`; raise CommandError otherwise."""
    deadline = time.monotonic() + TIMEOUT
    while (state := through_nginx(release)) != READY:
        if time.monotonic() > deadline:
            raise CommandError(f"nginx does not reach release {release.number}: {state}.")
        time.sleep(0.1)


def has_connections(release: Release) -> bool:
    """Return True if a client is connected to the release, or queued."""
    table = Path("/proc/net/unix").read_text()
    return processes.connections(release.socket, table) > 0
