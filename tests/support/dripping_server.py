"""A server whose reply never ends: it sends one byte at a time, each long before a timeout."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread

INTERVAL = 0.05  # seconds between two bytes


@contextmanager
def dripping_server(*replies: bytes, byte: bytes) -> Iterator[int]:
    """Answer with `replies`, then send `byte` for ever; yield the port.

    The first reply is sent at once, each further one when the client has sent something.
    """
    stopping = Event()

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # the client has closed the connection
                for reply in replies:
                    self.request.sendall(reply)
                    self.request.recv(65536)
                while not stopping.wait(INTERVAL):
                    self.request.sendall(byte)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            stopping.set()
            server.shutdown()
