"""Forged forwarding headers, sent to gunicorn and through nginx."""

import json
import socket
from collections.abc import Iterator

import pytest

from tests.support.nginx import Nginx
from tests.support.servers import TIMEOUT, Gunicorn, deploy, eventually, production

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("spoofing")]

SITE = "https://flasky.example"
HOST = "Host: flasky.example"
REDIRECTED = f"301 {SITE}"

# The head of a request, the response over HTTP, and the target of the redirect.
REQUESTS = {
    "honest": (f"GET /nowhere HTTP/1.1\n{HOST}", f"{REDIRECTED}/nowhere"),
    "address": (f"GET /x HTTP/1.1\n{HOST}\nX-Forwarded-For: 192.0.2.66", f"{REDIRECTED}/x"),
    "scheme": (f"GET /x HTTP/1.1\n{HOST}\nX-Forwarded-Proto: https", f"{REDIRECTED}/x"),
    "other scheme": (f"GET /x HTTP/1.1\n{HOST}\nX-Forwarded-Ssl: on", f"{REDIRECTED}/x"),
    "standard": (
        f"GET /x HTTP/1.1\n{HOST}\nForwarded: for=192.0.2.66;proto=https;host=evil.example",
        f"{REDIRECTED}/x",
    ),
    "host": (f"GET /x HTTP/1.1\n{HOST}\nX-Forwarded-Host: evil.example", f"{REDIRECTED}/x"),
    "prefix": (f"GET /x HTTP/1.1\n{HOST}\nX-Forwarded-Prefix: /evil", f"{REDIRECTED}/x"),
    "script name": (f"GET /x HTTP/1.1\n{HOST}\nScript-Name: /evil", f"{REDIRECTED}/x"),
    "path": (f"GET /x HTTP/1.1\n{HOST}\nPath-Info: /evil", f"{REDIRECTED}/x"),
    "whole URL": (f"GET http://evil.example/a%2Fb?c HTTP/1.1\n{HOST}", f"{REDIRECTED}/a%2Fb?c"),
    "URL that is a path": (f"GET /http://evil.example HTTP/1.1\n{HOST}", None),
    "two slashes": (f"GET //evil.example/x HTTP/1.1\n{HOST}", f"{REDIRECTED}//evil.example/x"),
    "unknown host": ("GET /x HTTP/1.1\nHost: evil.example", "400"),
    "two hosts": (f"GET /x HTTP/1.1\n{HOST}\nHost: evil.example", "400"),
    "empty host": ("GET /x HTTP/1.1\nHost:", "400"),
    "no host": ("GET /x HTTP/1.0", "400"),
    "form": (f"POST /auth/login HTTP/1.1\n{HOST}\nX-Forwarded-Proto: https", "403"),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gunicorn]:
    """gunicorn without a proxy."""
    folder = tmp_path_factory.mktemp("spoofing")
    environment = production(SITE, f"sqlite:///{folder}/site.sqlite", SSL_REDIRECT=1)
    deploy(environment)
    with Gunicorn(environment, "--workers", "1") as running:
        yield running


def send_raw(connection: socket.socket, head: str) -> tuple[str, str]:
    """Send a raw request; return status and Location, and the request ID."""
    with connection:
        connection.sendall(f"{head}\nConnection: close\n\n".replace("\n", "\r\n").encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    lines = answer.partition("\r\n\r\n")[0].split("\r\n")
    headers = {line.partition(":")[0].lower(): line.partition(": ")[2] for line in lines[1:]}
    status = lines[0].split()[1]
    return f"{status} {headers.get('location', '')}".strip(), headers.get("x-request-id", "")


def address_of(server: Gunicorn, request_id: str) -> str | None:
    """Return the client IP address in the log entry of a request."""
    eventually(lambda: request_id in server.log, f"{request_id} in the log")
    lines = [json.loads(line) for line in server.log.splitlines() if request_id in line]
    [address] = {line["remote_addr"] for line in lines if "remote_addr" in line}
    return str(address)


@pytest.mark.parametrize(("head", "expected"), REQUESTS.values(), ids=REQUESTS)
def test_client_of_gunicorn_cannot_forge_address_or_host(
    server: Gunicorn, head: str, expected: str | None
) -> None:
    host, _, port = server.bind.rpartition(":")

    answer, request_id = send_raw(socket.create_connection((host, int(port)), TIMEOUT), head)

    assert answer == (expected or f"{REDIRECTED}/http://evil.example")
    assert address_of(server, request_id) == "127.0.0.1"


@pytest.fixture(scope="module")
def behind_nginx(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Nginx, Gunicorn]]:
    """gunicorn behind nginx with deploy/nginx/."""
    folder = tmp_path_factory.mktemp("spoofing")
    nginx = Nginx()
    settings = {"TRUSTED_PROXY_COUNT": 1, "SSL_REDIRECT": 1}
    environment = production(nginx.url, f"sqlite:///{folder}/site.sqlite", **settings)
    deploy(environment)
    with Gunicorn(environment, "--workers", "1", bind=f"unix:{nginx.socket}") as site, nginx:
        yield nginx, site


LIES = [
    "X-Forwarded-For: 192.0.2.66",
    'X-Forwarded-For: "192.0.2.66',
    "X-Forwarded-For: 192.0.2.66, 192.0.2.67\nX-Forwarded-For: 192.0.2.68",
    "X-Forwarded-Proto: http",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Prefix: /evil",
    "X-Real-IP: 192.0.2.66",
    "Forwarded: for=192.0.2.66;proto=http;host=evil.example",
    "Script_Name: /evil",
]


@pytest.mark.parametrize("header", LIES)
def test_client_of_nginx_cannot_forge_address_or_host(
    behind_nginx: tuple[Nginx, Gunicorn], header: str
) -> None:
    nginx, site = behind_nginx

    answer, request_id = send_raw(
        nginx.connect_raw(), f"GET /auth/login HTTP/1.1\nHost: localhost:{nginx.port}\n{header}"
    )

    assert answer == "200"
    assert address_of(site, request_id) == "127.0.0.1"


def test_client_of_nginx_is_not_a_trusted_client(
    behind_nginx: tuple[Nginx, Gunicorn],
) -> None:
    nginx, site = behind_nginx
    head = f"GET /metrics HTTP/1.1\nHost: localhost:{nginx.port}\nX-Forwarded-For:\nVia:"

    answer, _request_id = send_raw(nginx.connect_raw(), head)

    assert answer in {"403", "404"}
    inside = site.connect()
    inside.request("GET", "/metrics")
    assert inside.getresponse().status == 200
    inside.close()
