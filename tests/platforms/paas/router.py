"""The router in front of an app's web dynos, and the endpoint for one-off dynos.

Both use TLS, with a certificate of the CA in the file `authority`.
"""

import socket
import ssl
import subprocess
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import trustme

from tests.platforms.paas.app_platform import DOMAIN, Platform

END_OF_INPUT = b"\x04"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


class Routing(BaseHTTPRequestHandler):
    """Forwards each request to a web dyno with the client's address and scheme."""

    server: "Endpoints"

    def do_GET(self) -> None:
        """Forward a request, and return the response."""
        platform = self.server.platform
        if platform.app is None or platform.app.in_maintenance:
            self.send_error(503)
            return
        web = platform.web()
        if web is None:
            self.send_error(503, "No web processes running")
            return
        self._forward(web.connect())

    do_HEAD = do_POST = do_GET  # noqa: N815 - names of http.server

    def _forward(self, connection: HTTPConnection) -> None:
        forwarded_for = self.headers.get("X-Forwarded-For")
        peer = str(self.client_address[0])
        headers = dict(self.headers.items())
        headers["X-Forwarded-For"] = f"{forwarded_for}, {peer}" if forwarded_for else peer
        headers["X-Forwarded-Proto"] = "https"
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.headers.items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.read())
        connection.close()

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


class Endpoints(ThreadingHTTPServer):
    """The router at `port`, and the endpoint for one-off dynos at `side_port`."""

    daemon_threads = True

    def __init__(self, platform: Platform, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Routing)
        self.platform = platform
        self.authority = folder / "authority.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.authority))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(DOMAIN, "127.0.0.1").configure_cert(self.tls)
        self.socket = self.tls.wrap_socket(self.socket, server_side=True)
        self.side = socket.create_server(("127.0.0.1", 0))
        self.commands: dict[str, str] = {}

    def __enter__(self) -> Self:
        for work in (self.serve_forever, self._serve_one_off_processes):
            threading.Thread(target=work, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self.server_close()
        self.side.close()

    @property
    def port(self) -> int:
        """The port of the router."""
        return int(self.server_address[1])

    def attach_url(self, command: str) -> str:
        """Return a URL that runs `command` for the first client that connects."""
        secret = f"secret{len(self.commands)}"
        self.commands[secret] = command
        return f"rendezvous://127.0.0.1:{self.side.getsockname()[1]}/{secret}"

    def _serve_one_off_processes(self) -> None:
        while True:
            try:
                plain, _address = self.side.accept()
            except OSError:  # closed
                return
            with self.tls.wrap_socket(plain, server_side=True) as connection:
                self._serve_one_off_process(connection)

    def _serve_one_off_process(self, connection: ssl.SSLSocket) -> None:
        """Run a command with input that ends with ^D, and send its output."""
        command = self.commands.pop(connection.recv(100).decode().strip())
        connection.sendall(b"rendezvous\r\n")
        stdin = b""
        while not stdin.endswith(END_OF_INPUT):
            stdin += connection.recv(1000)
        connection.sendall(self._run(command, stdin.removesuffix(END_OF_INPUT)))

    def _run(self, command: str, stdin: bytes) -> bytes:
        assert self.platform.app is not None
        slug = self.platform.app.current.slug
        if slug is None:
            return b"Nothing has been pushed yet.\n"
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=slug.folder,
            env=slug.environment(self.platform.environment() | {"DYNO": "run.1"}),
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            start_new_session=True,  # so that it cannot read from the terminal of the tests
        )
        return done.stdout
