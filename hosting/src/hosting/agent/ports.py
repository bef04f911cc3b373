"""The port of a release, for apps that cannot listen on a unix socket.

nginx follows a symbolic link to a unix socket, which is replaced without a reload and without
root. For a release that listens on its port, systemd-socket-proxyd connects such a socket to it.
"""

import os
import socket

from .paths import App, CommandError, call
from .processes import systemctl
from .releases import Release

FIRST = 10_000  # below the ports that the kernel gives to outgoing connections
HOSTS = ("127.0.0.1", "0.0.0.0", "*", "[::]")  # noqa: S104 - as `ss` prints what we can reach
BLOCK = 100  # ports of an app; its releases use them in turn
APPS = 200
PROXY = "/usr/lib/systemd/systemd-socket-proxyd"
# Each connection needs six file descriptors; the unit may open 65536.
CONNECTIONS = 10_000


def choose(release: Release, live: Release | None) -> int:
    """Return a free port of 127.0.0.1 that the live release does not use, either."""
    first = FIRST + os.getuid() % APPS * BLOCK
    for offset in range(BLOCK):
        port = first + (release.number + offset) % BLOCK
        if is_free(port) and not (live and live.record.get("port") == port):
            return port
    raise CommandError(f"All ports from {first} to {first + BLOCK - 1} are in use.")


def is_free(port: int) -> bool:
    """Return True if nothing listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - it never listens
        except OSError:
            return False
    return True


def forward(release: Release) -> None:
    """Connect the release's unix socket to its port, from now on."""
    release.update(forwarded=True)
    call(systemctl("start", release.forwarder))


def execute_forwarder(app: App, number: int) -> None:
    """Replace this process, which systemd has given the socket, by the proxy."""
    target = f"127.0.0.1:{Release(app, number).record['port']}"
    os.execv(PROXY, [PROXY, f"--connections-max={CONNECTIONS}", target])  # noqa: S606 - no shell is wanted
