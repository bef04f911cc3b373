"""Slow clients of gunicorn without nginx: they occupy no thread, and no request is changed."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import parse_headers
from typing import IO

import pytest

from app.gunicorn_worker import PASSWORD_REQUEST
from tests.support.echo_site import digest
from tests.support.servers import TIMEOUT, Gunicorn, eventually

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gunicorn")]

MIB = 1024 * 1024
CONNECTIONS, CLIENTS = 30, 40  # CLIENTS is more than CONNECTIONS and more than the threads
HOST = "Host: flasky.example\r\n"
POST = f"POST /form HTTP/1.1\r\n{HOST}"
CHUNKS = f"{POST}Transfer-Encoding: chunked\r\n\r\n"
CLOSE = "Connection: close"
GET = f"GET /page HTTP/1.1\r\n{HOST}\r\n"
LONG = "x" * 200_000

INCOMPLETE = {
    "nothing": "",
    "part of a line": "GET / HT",
    "head": f"GET / HTTP/1.1\r\n{HOST}",
    "long head": f"GET / HTTP/1.1\r\n{HOST}X: {'x' * 8000}\r\n",
    "body": f"{POST}Content-Length: 100\r\n\r\nx",
    "no body": f"{POST}Content-Length: 100\r\n\r\n",
    "large body": f"{POST}Content-Length: 900000\r\n\r\n{LONG}",
    "body that is expected": f"{POST}Expect: 100-continue\r\nContent-Length: 100\r\n\r\n",
    "chunk": f"{CHUNKS}10\r\nx",
    "second chunk": f"{CHUNKS}1\r\nx\r\n5\r\n0\r\n",
    "head behind another request": f"{GET}GET / HT",
    "body behind another request": f"{GET}{POST}Content-Length: 100\r\n\r\nx",
    "idle connection": GET,
    "connection that the client does not close": GET.replace("\r\n\r\n", f"\r\n{CLOSE}\r\n\r\n"),
    "rejected body": f"{POST}Content-Length: 99999999\r\n\r\nx",
}
# Requests, and the bodies that the site receives.
COMPLETE = {
    "GET": (GET, [("/page", "")]),
    "form": (f"{POST}Content-Length: 5\r\n\r\na=b&c", [("/form", "a=b&c")]),
    "lower case": (f"{POST}content-length:5\r\n\r\na=b&c", [("/form", "a=b&c")]),
    "empty body": (f"{POST}Content-Length: 0\r\n\r\n", [("/form", "")]),
    "body with blank lines": (
        f"{POST}Content-Length: 18\r\n\r\n\r\n\r\n0\r\n\r\nGET / H\r\n",
        [("/form", "\r\n\r\n0\r\n\r\nGET / H\r\n")],
    ),
    "chunks": (
        f"{CHUNKS}3\r\na=b\r\n2;x=y\r\n&c\r\n0\r\n\r\n",
        [("/form", "a=b&c")],
    ),
    "no chunk": (f"{CHUNKS}0\r\n\r\n", [("/form", "")]),
    "two requests": (GET + GET, [("/page", ""), ("/page", "")]),
    "form, chunks and GET": (
        f"{POST}Content-Length: 1\r\n\r\nx{CHUNKS}1\r\ny\r\n0\r\n\r\n{GET}",
        [("/form", "x"), ("/form", "y"), ("/page", "")],
    ),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Gunicorn]:
    """A server with one worker and two threads."""
    environment = {"PATH": os.environ["PATH"], "FLASK_CONFIG": "testing"}
    limits = ("--workers", "1", "--threads", "2", "--worker-connections", str(CONNECTIONS))
    with Gunicorn(environment, *limits, site="tests.support.echo_site:app") as running:
        yield running


def connect(server: Gunicorn) -> socket.socket:
    host, _, port = server.bind.rpartition(":")
    connection = socket.create_connection((host, int(port)), TIMEOUT)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_response(reader: IO[bytes]) -> tuple[int, str]:
    """Return the status and the body of the next response."""
    status = int(reader.readline().split()[1])
    headers = parse_headers(reader)
    return status, reader.read(int(headers["Content-Length"])).decode()


def get(server: Gunicorn) -> int:
    with connect(server) as connection, connection.makefile("rb") as reader:
        connection.sendall(GET.encode())
        return read_response(reader)[0]


@pytest.mark.parametrize("sent", INCOMPLETE.values(), ids=INCOMPLETE)
def test_incomplete_requests_do_not_stop_the_server(server: Gunicorn, sent: str) -> None:
    with ExitStack() as connections:
        for _ in range(CLIENTS):
            connections.enter_context(connect(server)).sendall(sent.encode())

        assert [get(server) for _ in range(4)] == [200] * 4


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(("sent", "received"), COMPLETE.values(), ids=COMPLETE)
def test_request_that_arrives_in_pieces_is_not_changed(
    server: Gunicorn, sent: str, received: list[tuple[str, str]], size: int
) -> None:
    with connect(server) as connection:
        for start in range(0, len(sent), size):
            connection.sendall(sent[start : start + size].encode())
        connection.sendall(GET.encode())  # the connection is kept
        with connection.makefile("rb") as reader:
            for path, body in [*received, ("/page", "")]:
                assert read_response(reader) == (200, digest(path, body.encode()))


@pytest.mark.parametrize("size", [65_536, MIB - 1, MIB])
def test_large_body_is_received(server: Gunicorn, size: int) -> None:
    body = os.urandom(size)
    with connect(server) as connection, connection.makefile("rb") as reader:
        connection.sendall(f"{POST}Content-Length: {size}\r\n\r\n".encode() + body)
        assert read_response(reader) == (200, digest("/form", body))


def test_client_is_told_once_to_send_the_body(server: Gunicorn) -> None:
    head = f"{POST}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n".encode()
    with connect(server) as connection, connection.makefile("rb") as reader:
        for _ in range(2):
            connection.sendall(head)
            assert reader.readline() + reader.readline() == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(b"a=b")
            assert read_response(reader) == (200, digest("/form", b"a=b"))


@pytest.mark.parametrize(
    "head",
    ["Content-Length: 99999999\r\n\r\n", f"Content-Length: {10**30}\r\n\r\n"],
)
def test_rest_of_a_body_that_is_too_large_is_no_request(server: Gunicorn, head: str) -> None:
    with connect(server) as connection:
        connection.sendall(f"{POST}{head}{GET}".encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
            connection.sendall(GET.encode())
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("sent", ["", "GET / HT", f"{POST}Content-Length: 9\r\n\r\nx"])
def test_connection_is_closed_if_the_client_ends_it(server: Gunicorn, sent: str) -> None:
    with connect(server) as connection:
        connection.sendall(sent.encode())
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    assert get(server) == 200
    assert "Traceback" not in server.log


def test_clients_that_do_not_read_the_response_do_not_stop_the_server(server: Gunicorn) -> None:
    with ExitStack() as connections:
        for _ in range(2):  # as many as threads
            request = GET.replace("/page", "/large")
            connections.enter_context(connect(server)).sendall(request.encode())

        assert get(server) == 200  # after RESPONSE_TIMEOUT


def test_late_request_is_closed(server: Gunicorn) -> None:
    with connect(server) as silent, connect(server) as slow:
        eventually(lambda: drips(slow))
        assert silent.recv(1) == b""


def drips(connection: socket.socket) -> bool:
    """Send a byte; return True if the server has closed the connection."""
    connection.settimeout(0.2)
    try:
        connection.sendall(b"x")
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@pytest.mark.parametrize(
    ("line", "has_password"),
    [
        (b"POST /auth/login HTTP/1.1", True),
        (b"POST /blog/auth/login HTTP/1.1", True),
        (b"POST /auth/exports HTTP/1.1", True),
        (b"POST /auth/export HTTP/1.1", False),
        (b"POST /blog/auth/export?x HTTP/1.1", False),
        (b"GET /auth/login HTTP/1.1", False),
    ],
)
def test_download_does_not_occupy_a_thread_for_passwords(line: bytes, has_password: bool) -> None:
    assert bool(PASSWORD_REQUEST.match(line)) is has_password
