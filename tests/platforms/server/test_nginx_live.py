"""nginx passes on live updates as they come, and WebSockets."""

import hashlib
import os
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask

from app.live.worker import MAX_PER_USER
from tests.live.listening import LiveProcess, Stream
from tests.support.factories import Factory
from tests.support.http_client import SiteClient
from tests.support.nginx import Nginx
from tests.support.servers import TIMEOUT, fetch

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("nginx")]

USERS = 20
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
KEY = "dGhlIHNhbXBsZSBub25jZQ=="


@pytest.fixture(scope="module")
def proxy() -> Iterator[Nginx]:
    """nginx with no process behind it."""
    with Nginx() as running:
        yield running


def listen(nginx: Nginx, cookie: str) -> Stream:
    return Stream(nginx.connect(), "/live/stream?feed=all&after=0-0", cookie)


def test_200_pages_get_each_event_at_once(app: Flask, make: Factory, proxy: Nginx) -> None:
    url = str(app.config["SQLALCHEMY_DATABASE_URI"])
    environment = {"PATH": os.environ["PATH"], "FLASK_CONFIG": "testing", "TEST_DATABASE_URL": url}
    environment["TRUSTED_PROXY_COUNT"] = "1"
    cookies = []
    for number in range(USERS):
        client = SiteClient(app).log_in(make.user(f"user{number}"))
        session = client.client.get_cookie("session")
        assert session is not None
        cookies += [f"session={session.value}"] * MAX_PER_USER
    with LiveProcess(environment, bind=f"unix:{proxy.live_socket}"), ExitStack() as streams:
        opened = [streams.enter_context(listen(proxy, cookie)) for cookie in cookies]
        assert [stream.next()["posts"] for stream in opened] == [0] * 200
        make.post(make.user("author"))

        # Neither the response nor a buffer of nginx is full.
        assert [stream.next()["posts"] for stream in opened] == [1] * 200


def test_without_the_process_only_streams_fail(proxy: Nginx) -> None:
    assert fetch(proxy.connect(), "/live/stream").status == 502


class EchoServer:
    """A WebSocket server for one connection: it sends back the first message."""

    def __init__(self, path: Path) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        path.chmod(0o777)
        self.listener.listen()
        self.headers = ""
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        with self.listener:
            connection, _ = self.listener.accept()
        with connection, connection.makefile("rwb") as stream:
            while line := stream.readline().strip():
                self.headers += line.decode() + "\n"
            accepted = b64encode(
                hashlib.sha1(KEY.encode() + MAGIC, usedforsecurity=False).digest()
            )
            stream.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")
            stream.write(b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + accepted + b"\r\n\r\n")
            stream.flush()
            kind, length = stream.read(2)
            mask = stream.read(4)
            text = bytes(byte ^ mask[i % 4] for i, byte in enumerate(stream.read(length & 0x7F)))
            stream.write(bytes([kind, len(text)]) + text)
            stream.flush()
            stream.read()  # until the client leaves


def test_websocket_is_passed_on(proxy: Nginx) -> None:
    proxy.live_socket.unlink(missing_ok=True)
    server = EchoServer(proxy.live_socket)
    request = [
        *("GET /ws/echo HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade"),
        *(f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13", "X-Forwarded-For: 9.9.9.9"),
    ]
    with proxy.connect_raw() as client, client.makefile("rb") as answers:
        client.settimeout(TIMEOUT)
        client.sendall("\r\n".join([*request, "", ""]).encode())
        assert b" 101 " in answers.readline()
        while answers.readline().strip():
            pass
        mask, text = b"\x01\x02\x03\x04", b"hello"
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(text))
        client.sendall(bytes([0x81, 0x80 | len(text)]) + mask + masked)

        assert answers.read(2 + len(text)) == bytes([0x81, len(text)]) + text
    passed_on = {"Upgrade: websocket", "Connection: upgrade", "X-Forwarded-For: 127.0.0.1"}
    assert passed_on <= set(server.headers.splitlines())
