"""Clients that send the beginning of a request and then wait (slowloris)."""

import socket
import ssl
from contextlib import suppress
from typing import Self

from tests.support.nginx import HOST, Nginx
from tests.support.servers import TIMEOUT

ADDRESS = "127.0.0.2"  # not the address of other clients: connections per address are limited
HOST_HEADER = f"Host: {HOST}\r\n"
PARTIAL_HEADERS = f"GET / HTTP/1.1\r\n{HOST_HEADER}"
PARTIAL_FORM = f"POST /half HTTP/1.1\r\n{HOST_HEADER}Content-Length: 1000\r\n\r\nhalf"


class SlowClients:
    """`number` connections that have sent `beginning`."""

    def __init__(self, nginx: Nginx, beginning: str, number: int) -> None:
        self.nginx = nginx
        self.beginning = beginning
        self.connections = [self._open() for _ in range(number)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for connection in self.connections:
            connection.close()

    def is_responding(self) -> list[bytes]:
        """Wait until nginx has closed every connection; return the responses."""
        return [self._read(connection) for connection in self.connections]

    def _open(self) -> ssl.SSLSocket:
        address = ("127.0.0.1", self.nginx.port)
        plain = socket.create_connection(address, TIMEOUT, source_address=(ADDRESS, 0))
        connection = self.nginx.tls.wrap_socket(plain, server_hostname=HOST)
        connection.sendall(self.beginning.encode())
        return connection

    def _read(self, connection: ssl.SSLSocket) -> bytes:
        answer = b""
        with suppress(ConnectionError, ssl.SSLError):  # a reset may follow the response
            while piece := connection.recv(65536):
                answer += piece
        return answer
