"""Health checks of a release: on its own socket, and through nginx."""

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

from . import manifest, ports, processes
from .listeners import listeners
from .paths import App, CommandError, call
from .processes import systemctl
from .releases import Release

TIMEOUT = 5.0  # seconds
SUCCESSES = 3  # consecutive ones, so that more than one worker is likely to be checked
WRONG_ADDRESS_SHARE = 6  # of the time limit; apps may open a port for metrics first
MOMENT = 0.3  # seconds
READY = "ready"


def direct(release: Release) -> str:
    """Check a release on its own socket; return READY, or what is wrong."""
    return check(release, lambda: connect_directly(release))[0]


def through_nginx(release: Release) -> str:
    """Check through nginx that `release` responds; return READY, or what is wrong."""
    return check(release, lambda: connect_to_nginx(release.app))[0]


def check(release: Release, connect: Callable[[], socket.socket]) -> tuple[str, str]:
    """Request the health check; return READY or what is wrong, and what was returned."""
    app = manifest.read(release.src)
    try:
        path, response, body = first_found(release, connect, app.paths)
    except (OSError, http.client.HTTPException) as error:
        return f"{error.__class__.__name__}: {error}", ""
    returned = f"{path} returned {response.status}"
    if not is_expected(response.status, app.health_check_status):
        is_html = "html" in response.headers.get("Content-Type", "")
        return f"{returned}{'' if is_html else f': {body}'}", returned
    number = response.headers.get(app.release_header) if app.release_header else None
    if app.release_header and number != str(release.number):
        return f"{path} returned {app.release_header}: {number or 'nothing'}", returned
    return READY, returned


def first_found(
    release: Release, connect: Callable[[], socket.socket], paths: Sequence[str]
) -> tuple[str, http.client.HTTPResponse, str]:
    """Request paths until one does not return 404; return it, the response and its beginning."""
    *others, last = paths
    for path in others:
        response, body = request(release, connect, path)
        if response.status != 404:
            return path, response, body
    return last, *request(release, connect, last)


def request(
    release: Release, connect: Callable[[], socket.socket], path: str
) -> tuple[http.client.HTTPResponse, str]:
    """Send a GET request over a new connection, as nginx does; return the response's beginning."""
    with closing(http.client.HTTPConnection(release.app.site()["domain"])) as connection:
        connection.sock = connect()
        headers = {"Connection": "close", "X-Forwarded-Proto": "https"}
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response, " ".join(response.read(300).decode(errors="replace").split())


def is_expected(status: int, expected: int) -> bool:
    """Return True if a status means that the app is ready."""
    return status == expected if expected else status < 500


def connect_directly(release: Release) -> socket.socket:
    """Connect to the release's unix socket."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(TIMEOUT)
    connection.connect(str(release.socket))
    return connection


def connect_to_nginx(app: App) -> ssl.SSLSocket:
    """Connect to nginx on this machine. Its certificate may be self-signed."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without reading the certificates of the system
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    plain = socket.create_connection(("127.0.0.1", 443), timeout=TIMEOUT)
    return tls.wrap_socket(plain, server_hostname=app.site()["domain"])


def wait_until_ready(release: Release) -> str:
    """Wait for consecutive successful checks, and return what the app returned.

    Raise CommandError if it crashes, listens elsewhere, or is not ready within the time limit.
    """
    limit = manifest.read(release.src).health_check_timeout
    unit = processes.unit("web", release.number, 1)
    wait_until_listening(release, unit, limit)
    deadline, successes, returned = time.monotonic() + limit, 0, ""
    while successes < SUCCESSES:
        state, returned = check(release, lambda: connect_directly(release))
        successes = successes + 1 if state == READY else 0
        if state != READY and (is_crashing(unit) or time.monotonic() > deadline):
            raise not_ready(release, state)
        time.sleep(0.05 if state == READY else MOMENT)
    return returned


def wait_until_listening(release: Release, unit: str, limit: int) -> None:
    """Wait until a release listens on its socket or its port; in that case, forward the socket."""
    now = time.monotonic()
    deadline, seen_elsewhere, port = now + limit, now, release.record["port"]
    while not is_listening(release):
        now, elsewhere = time.monotonic(), listeners(unit)
        # Another app on the server might have taken the port.
        if {f"{host}:{port}" for host in ports.HOSTS} & {*elsewhere}:
            ports.forward(release)
            return
        # Unix sockets may be for other purposes, such as gunicorn's control socket.
        seen_elsewhere = seen_elsewhere if any(":" in one for one in elsewhere) else now
        if now > min(deadline, seen_elsewhere + limit / WRONG_ADDRESS_SHARE):
            seen = ", ".join(elsewhere) or "no address"
            raise not_ready(release, f"it listens on {seen}; {addresses(release)}")
        if is_crashing(unit):
            raise not_ready(release, "the process exits")


def is_listening(release: Release) -> bool:
    """Return True if the release's socket accepts connections, now or within a moment.

    Whatever else its caller looks at starts programs, whose CPU time the release needs to start.
    """
    deadline = time.monotonic() + MOMENT
    while time.monotonic() < deadline:
        with suppress(OSError):
            connect_directly(release).close()
            return True
        time.sleep(0.02)
    return False


def addresses(release: Release) -> str:
    """Return where a release must listen, in words."""
    return (
        "let the `web` process of the Procfile listen on 127.0.0.1 (or 0.0.0.0) and $PORT, "
        f"which is {release.record['port']} now"
    )


def not_ready(release: Release, reason: str) -> CommandError:
    """Return the error that a release is not ready, with its last output."""
    output = last_output(processes.unit("web", release.number, 1))
    return CommandError(f"Release {release.number} did not become ready: {reason}.{output}")


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
