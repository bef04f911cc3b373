"""Abusive requests: slow, oversize, malformed, smuggled."""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.platforms.server.slow_clients import PARTIAL_FORM, PARTIAL_HEADERS, SlowClients
from tests.support.nginx import HOST, Nginx
from tests.support.servers import TIMEOUT, Gunicorn, eventually
from tests.support.traffic import Traffic

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nginx")]

INCOMPLETE = 300
H = f"Host: {HOST}\r\n"
NEXT = "GET /smuggled HTTP/1.1\r\n" + H + "\r\n"
POST = "POST /preview HTTP/1.1\r\n" + H

# Malformed requests; each is followed by a valid one on the same connection.
MALFORMED = {
    "length and chunks": POST
    + f"Content-Length: {len(NEXT) + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{NEXT}",
    "two lengths": f"{POST}Content-Length: 0\r\nContent-Length: {len(NEXT)}\r\n\r\n{NEXT}",
    "length with a sign": f"{POST}Content-Length: +0\r\n\r\n",
    "negative length": f"{POST}Content-Length: -1\r\n\r\n",
    "list of lengths": f"{POST}Content-Length: 0, {len(NEXT)}\r\n\r\n{NEXT}",
    "huge length": f"{POST}Content-Length: {10**30}\r\n\r\n",
    "unknown coding": f"{POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two codings": f"{POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{NEXT}",
    "coding behind a tab": f"{POST}Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
    "coding before the colon": f"{POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{NEXT}",
    "chunk without a size": f"{POST}Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
    "chunk too large": f"{POST}Transfer-Encoding: chunked\r\n\r\n{'f' * 17}\r\n\r\n",
    "folded header": f"GET / HTTP/1.1\r\n{H}X-Folded: one\r\n two\r\n\r\n",
    "folded coding": f"{POST}Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "NUL in a header": f"GET / HTTP/1.1\r\n{H}X-Nul: a\0b\r\n\r\n",
    "NUL in the URL": f"GET /\0 HTTP/1.1\r\n{H}\r\n",
    "encoded NUL": f"GET /%00 HTTP/1.1\r\n{H}\r\n",
    "broken escape": f"GET /%zz HTTP/1.1\r\n{H}\r\n",
    "not UTF-8": f"GET /%ff%fe?q=%ff HTTP/1.1\r\n{H}\r\n",
    "path traversal": f"GET /static/../../etc/passwd HTTP/1.1\r\n{H}\r\n",
    "encoded path traversal": f"GET /static/%2e%2e%2f%2e%2e/etc/passwd HTTP/1.1\r\n{H}\r\n",
    "whole URL": f"GET http://evil.example/ HTTP/1.1\r\n{H}\r\n",
    "no URL": f"GET  HTTP/1.1\r\n{H}\r\n",
    "two hosts": f"GET / HTTP/1.1\r\n{H}Host: evil.example\r\n\r\n",
    "bad host": "GET / HTTP/1.1\r\nHost: a/b@c\r\n\r\n",
    "no host": "GET / HTTP/1.1\r\n\r\n",
    "no colon": f"GET / HTTP/1.1\r\n{H}nonsense\r\n\r\n",
    "header without a name": f"GET / HTTP/1.1\r\n{H}: x\r\n\r\n",
    "bare line feeds": f"GET / HTTP/1.1\nHost: {HOST}\n\n",
    "carriage return in a header": f"GET / HTTP/1.1\r\n{H}X-Cr: a\rb\r\n\r\n",
    "lowercase method": f"get / HTTP/1.1\r\n{H}\r\n",
    "unknown method": f"BREW / HTTP/1.1\r\n{H}\r\n",
    "CONNECT": f"CONNECT evil.example:443 HTTP/1.1\r\n{H}\r\n",
    "HTTP/0.9": "GET /\r\n",
    "HTTP/3": f"GET / HTTP/3.0\r\n{H}\r\n",
    "preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "unknown expectation": f"{POST}Expect: miracles\r\nContent-Length: 0\r\n\r\n",
    "upgrade": f"GET / HTTP/1.1\r\n{H}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    "hop by hop": f"GET / HTTP/1.1\r\n{H}Connection: X-Forwarded-For, close\r\n\r\n",
    "many headers": f"GET / HTTP/1.1\r\n{H}" + "X-Many: x\r\n" * 500 + "\r\n",
    "large header": f"GET / HTTP/1.1\r\n{H}X-Large: {'x' * 20_000}\r\n\r\n",
    "long address": f"GET /{'x' * 20_000} HTTP/1.1\r\n{H}\r\n",
    "nonsense": "\x16\x03\x01\x02nonsense\r\n\r\n",
}
GOOD = f"GET /healthz HTTP/1.1\r\n{H}Connection: close\r\n\r\n"


@pytest.fixture(scope="module")
def bare(environment: dict[str, str]) -> Iterator[Gunicorn]:
    """gunicorn without nginx."""
    with Gunicorn(environment, "--workers", "1") as running:
        yield running


def exchange(connection: socket.socket, sent: str) -> bytes:
    """Send bytes and a valid request; return all responses."""
    answer = b""
    with connection, suppress(ConnectionError, ssl.SSLError):
        connection.settimeout(TIMEOUT)
        connection.sendall((sent + GOOD).encode("latin-1"))
        while part := connection.recv(65536):
            answer += part
    return answer


def statuses(answer: bytes) -> list[int]:
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


def assert_harmless(answer: bytes, log: str) -> None:
    """Check for no internal error, no smuggled request, and no leak of internals."""
    found = statuses(answer)
    assert not {code for code in found if code >= 500} - {501, 505}, found
    assert len(found) <= 2
    for trace in ("Traceback", "/smuggled", '"status": 500'):
        assert trace not in log
    assert b"root:" not in answer


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
def test_malformed_request_does_no_harm_behind_nginx(
    site: Gunicorn, nginx: Nginx, sent: str
) -> None:
    answer = exchange(nginx.connect_raw(), sent)
    assert_harmless(answer, site.log)


@pytest.mark.parametrize("sent", MALFORMED.values(), ids=MALFORMED)
def test_malformed_request_does_no_harm_without_nginx(bare: Gunicorn, sent: str) -> None:
    host, _, port = bare.bind.rpartition(":")
    answer = exchange(socket.create_connection((host, int(port))), sent)
    assert_harmless(answer, bare.log)


def test_http_on_the_tls_port_is_rejected(site: Gunicorn, nginx: Nginx) -> None:
    answer = exchange(socket.create_connection(("127.0.0.1", nginx.port)), "")
    assert statuses(answer) == [400]
    assert b"X-Content-Type-Options" in answer


def test_site_responds_while_hundreds_of_requests_are_incomplete(
    site: Gunicorn, nginx: Nginx
) -> None:
    with (
        SlowClients(nginx, PARTIAL_HEADERS, INCOMPLETE) as heads,
        SlowClients(nginx, PARTIAL_FORM, INCOMPLETE) as bodies,
    ):
        with Traffic(nginx.connect, "/auth/login", clients=4) as others:
            eventually(lambda: others.has_reached(100))
        assert set(others.outcomes) == {"200"}
        busy = [statuses(answer) for answer in bodies.is_responding()]
        assert set(map(len, map(statuses, heads.is_responding()))) <= {0, 1}
    assert busy.count([429]) == INCOMPLETE - 100  # the limit of connections per address
    assert "/half" not in site.log  # no incomplete request has reached the site
