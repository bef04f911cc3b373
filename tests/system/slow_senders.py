"""Strangers who send the beginning of a request, and no more."""

import socket
import ssl
from contextlib import suppress
from typing import Self

from tests.system.nginx import NAME, Nginx
from tests.system.servers import PATIENCE

ADDRESS = "127.0.0.2"  # not that of other visitors: what one address may do is limited
HOST = f"Host: {NAME}\r\n"
HALF_A_HEAD = f"GET / HTTP/1.1\r\n{HOST}"
HALF_A_FORM = f"POST /half HTTP/1.1\r\n{HOST}Content-Length: 1000\r\n\r\nhalf"


class Attack:
    """`number` connections over which `beginning` has been sent."""

    def __init__(self, nginx: Nginx, beginning: str, number: int) -> None:
        self.nginx = nginx
        self.beginning = beginning
        self.connections = [self._open() for _ in range(number)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for connection in self.connections:
            connection.close()

    def answers(self) -> list[bytes]:
        """Wait until nginx has closed them all; return what it said to each."""
        return [self._read(connection) for connection in self.connections]

    def _open(self) -> ssl.SSLSocket:
        address = ("127.0.0.1", self.nginx.port)
        plain = socket.create_connection(address, PATIENCE, source_address=(ADDRESS, 0))
        connection = self.nginx.tls.wrap_socket(plain, server_hostname=NAME)
        connection.sendall(self.beginning.encode())
        return connection

    def _read(self, connection: ssl.SSLSocket) -> bytes:
        answer = b""
        with suppress(ConnectionError, ssl.SSLError):  # after the answer, perhaps
            while piece := connection.recv(65536):
                answer += piece
        return answer
