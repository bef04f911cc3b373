"""What one client can occupy in nginx: connections, by network, and temporary files."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.platforms.server.large_site import SIZE
from tests.support.nginx import HOST, Nginx
from tests.support.servers import Gunicorn, eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nginx")]

ALLOWED = 100  # in limits.conf
MIB = 1024 * 1024
HEAD = f"{{}} /auth/ HTTP/1.1\r\nHost: {HOST}\r\nX-Client: {{}}\r\n"

# Two clients, and whether they are counted as one.
CLIENTS = {
    "IPv4 addresses": ("192.0.2.1", "192.0.2.2", False),
    "IPv4 addresses in IPv6": ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
    "one IPv6 network": ("2001:db8::1", "2001:db8::ffff:1:2:3", True),
    "one network with all groups": ("2001:db8:1:2::", "2001:db8:1:2:3:4:5:6", True),
    "one network, zeros written out or not": ("2001:db8:1::7", "2001:db8:1:0:2:3:4:5", True),
    "line feeds in the address": ("a0a:a0a:a0a:a0a::1", "a0a:a0a:a0a:a0a:a0a:a0a::2", True),
    "networks that differ in the last bit": ("2001:db8::1", "2001:db8:0:1::1", False),
    "networks that differ in the first group": ("2001:db8::1", "2002:db8::1", False),
    "IPv6 and IPv4": ("::1", "0.0.0.1", False),
}


@pytest.fixture(scope="module")
def nginx() -> Iterator[Nginx]:
    """nginx in front of a site with large responses; X-Client is the IP address."""
    trusted = "set_real_ip_from 127.0.0.1; real_ip_header X-Client;"
    environment = {"PATH": os.environ["PATH"], "FLASK_CONFIG": "testing"}
    site = "tests.platforms.server.large_site:app"
    # So that a busy machine has the time to open ALLOWED connections before the first one ends.
    edits = {"client_body_timeout 10s;": "client_body_timeout 120s;"}
    with Nginx(directives=trusted, edits=edits) as nginx:
        bind = f"unix:{nginx.socket}"
        with Gunicorn(environment, "--workers", "1", bind=bind, site=site):
            yield nginx


def send(nginx: Nginx, text: str) -> socket.socket:
    """Send a request, or its beginning; return the connection, which is not read."""
    connection = nginx.connect_raw()
    connection.sendall(text.encode())
    return connection


def status(connection: socket.socket) -> int:
    with connection:
        return int(connection.recv(100).split()[1])


@pytest.mark.parametrize(("one", "other", "is_same"), CLIENTS.values(), ids=CLIENTS)
def test_requests_are_limited_by_network(
    nginx: Nginx, one: str, other: str, is_same: bool
) -> None:
    with ExitStack() as incomplete:
        form = HEAD.format("POST", one) + "Content-Length: 9\r\n\r\n"

        def is_limited() -> bool:
            """Send one more: on a busy machine, one of the first may have ended."""
            incomplete.enter_context(send(nginx, form))
            return status(send(nginx, HEAD.format("HEAD", one) + "\r\n")) == 429

        for _ in range(ALLOWED):
            incomplete.enter_context(send(nginx, form))
        eventually(is_limited)

        assert status(send(nginx, HEAD.format("HEAD", other) + "\r\n")) == (
            429 if is_same else 200
        )


def temporary_files(nginx: Nginx) -> list[int]:
    """Return the sizes of all temporary files, which nginx deletes once it has opened them."""
    folders, sizes = (f"{nginx.folder}/proxy/", f"{nginx.folder}/body/"), []
    for file in (file for pid in nginx.workers for file in Path(f"/proc/{pid}/fd").iterdir()):
        with suppress(FileNotFoundError):  # closed in the meantime
            if str(file.readlink()).startswith(folders):
                sizes.append(file.stat().st_size)
    return sizes


def test_temporary_file_of_a_response_is_bounded(nginx: Nginx) -> None:
    with send(nginx, HEAD.format("GET", "192.0.2.9") + "\r\n") as slow:
        eventually(lambda: sum(temporary_files(nginx)) > MIB)
        received = 0
        while received < SIZE:  # nothing is lost
            received += len(slow.recv(MIB))
            assert sum(temporary_files(nginx)) <= 2.1 * MIB


@pytest.mark.parametrize("length", ["Content-Length: 900000", "Transfer-Encoding: chunked"])
def test_temporary_file_of_a_request_is_bounded(nginx: Nginx, length: str) -> None:
    head = HEAD.format("POST", "192.0.2.9") + f"{length}\r\n\r\n"
    chunk = "10000\r\n" + "x" * 0x10000 + "\r\n" if "chunked" in length else "x" * 0x10000
    with send(nginx, head) as connection:
        for _ in range(12):
            connection.sendall(chunk.encode())
        eventually(lambda: sum(temporary_files(nginx)) > MIB / 2)
        assert sum(temporary_files(nginx)) <= MIB
