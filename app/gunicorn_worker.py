"""The worker class of gunicorn: for slow clients and password checks, and for lossless stops.

gunicorn's own passes each connection to a thread, which waits for the request, so that as many
incomplete requests as there are threads would stop it. This worker passes on complete requests.

Requests with a password have threads of their own: each takes a core for about 70 ms, so a class
that logs in at once would occupy all threads. They wait in a queue, in order of arrival, and other
requests do not wait for them.
"""

import os
import re
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from threading import BoundedSemaphore
from types import FrameType
from typing import Any

from gunicorn import util  # type: ignore[import-untyped]  # it has none
from gunicorn.http.unreader import Unreader  # type: ignore[import-untyped]  # it has none
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]  # it has none

from . import health
from .security.password_hashing import QUEUE_THREADS

MAX_HEAD = 64 * 1024  # bytes
MAX_INCOMPLETE = 32  # so many incomplete requests can have the largest size; more, a part of it
REQUEST_TIMEOUT, RESPONSE_TIMEOUT, LINGER = 20, 30, 2  # seconds
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)
LAST_CHUNK = b"\r\n0\r\n\r\n"
EXPECT = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# Requests that may check or hash a password; those in another spelling are limited by
# `password_hashing`. The second thread prepares its request while the first hashes.
# The download of an export checks none, and can take minutes.
PASSWORD_REQUEST = re.compile(rb"POST [^ ?]*(/auth/(?!export[ ?])|/api/v1/tokens/)")
MAX_PASSWORD_LINE = 200  # bytes in which the path must be
PASSWORD_THREADS = 2
MAX_PASSWORD_REQUESTS = 40  # running or waiting; the last one waits for about three seconds


class Received(Unreader):  # type: ignore[misc]  # gunicorn has no types
    """What a connection has received. The parser and the application do not wait for more."""

    head_size = body_size = searched = 0
    is_chunked = is_truncated = expects_continue = has_continued = False

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the end of the stream: the request is not as long as it says."""
        self.is_truncated = True
        return b""

    def receive(self, connection: Any, limit: int) -> bool:
        """Receive what has arrived; return True if it is a request, or can't become one."""
        size = self.buf.seek(0, os.SEEK_END)
        try:
            while data := connection.recv(64 * 1024):
                size += self.buf.write(data)
                if size > limit:
                    return True
        except BlockingIOError:
            return self.is_complete(size, limit)
        except OSError:  # the client has gone
            pass
        return True

    def is_complete(self, size: int, limit: int) -> bool:
        """Return True if this is a whole request, or would be larger than `limit`."""
        if not self.head_size:
            end = self.buf.getvalue().find(b"\r\n\r\n")
            if end < 0:
                return size > MAX_HEAD
            head = self.buf.getvalue()[: end + 2]
            length = CONTENT_LENGTH.search(head)
            self.head_size, self.searched = end + 4, end
            self.body_size = int(length[1]) if length and len(length[1]) < 10 else 0
            self.is_chunked = CHUNKED.search(head) is not None
            self.expects_continue = EXPECT.search(head) is not None
        if self.is_chunked:
            new = bytes(self.buf.getbuffer()[self.searched :])
            self.searched = max(self.searched, size - len(LAST_CHUNK))
            return LAST_CHUNK in new
        return size >= self.head_size + self.body_size or self.body_size > limit


# A socket that systemd owns stays open: the next process accepts its connections.
owned_by_systemd = os.environ.get("LISTEN_PID") == str(os.getpid())


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A gthread worker for slow clients, which loses no connection during a graceful shutdown.

    gunicorn stops accepting connections, but keeps its socket open until the last request is
    done, and then drops the connections in the backlog. This worker accepts those in the backlog
    and closes the socket, so that load balancers use another server.
    """

    max_body = 1024 * 1024  # bytes; gunicorn.conf.py sets that of the largest request

    def enqueue_req(self, conn: Any) -> None:
        """Pass a request to a thread once it is complete."""
        if self.cfg.is_ssl:
            super().enqueue_req(conn)
            return
        if not conn.initialized:
            conn.init()
            conn.parser.unreader = Received()
            conn.close = partial(self.close_connection, conn)
        conn.sock.setblocking(False)
        waiting = max(1, len(self.pending_conns) // MAX_INCOMPLETE)
        if conn.parser.unreader.receive(conn.sock, (MAX_HEAD + self.max_body) // waiting):
            conn.data_ready = False
            conn.parser.unreader.head_size = 0  # of the next request
            self.submit(conn)
            return
        if conn.parser.unreader.expects_continue:
            self.send_continue(conn)
        if not conn.data_ready:  # it has not been in pending_conns
            conn.timeout = time.monotonic() + REQUEST_TIMEOUT
        self.wait(conn, self.on_pending_socket_readable)

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Create the threads for requests with a password, and return those for the others."""
        self.password_pool = ThreadPoolExecutor(PASSWORD_THREADS, QUEUE_THREADS)
        self.password_slots = BoundedSemaphore(MAX_PASSWORD_REQUESTS)
        return ThreadPoolExecutor(self.cfg.threads)

    def submit(self, conn: Any) -> None:
        """Pass a complete request to the threads for its kind.

        If too many requests with a password are waiting, `password_hashing` answers 503.
        """
        line = bytes(conn.parser.unreader.buf.getbuffer()[:MAX_PASSWORD_LINE])
        if not PASSWORD_REQUEST.match(line) or not self.password_slots.acquire(blocking=False):
            super().enqueue_req(conn)
            return
        handled = self.password_pool.submit(self.handle, conn)
        handled.add_done_callback(lambda _future: self.password_slots.release())
        handled.add_done_callback(partial(self.method_queue.defer, self.finish_request, conn))

    def send_continue(self, conn: Any) -> None:
        """Tell a client that waits for it to send the body."""
        received = conn.parser.unreader
        received.expects_continue, received.has_continued = False, True
        with suppress(OSError):  # the client has gone
            conn.sock.send(CONTINUE)

    def wait(self, conn: Any, readable: Callable[[Any, Any], None]) -> None:
        """Call `readable` when data arrives on a connection, which is closed at its timeout."""
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(readable, conn))

    def handle_request(self, req: Any, conn: Any) -> bool:
        """Handle a request; close the connection if the client reads the response too slowly."""
        conn.sock.settimeout(RESPONSE_TIMEOUT)
        if getattr(conn.parser.unreader, "has_continued", False):
            conn.parser.unreader.has_continued = req._expected_100_continue = False
        try:
            return bool(super().handle_request(req, conn))
        except TimeoutError:
            self.log.debug("Closing the connection of a slow client.")
            return False

    def close_connection(self, conn: Any, graceful: bool = False) -> None:
        """Close a connection; `graceful` first waits until the client has read the response.

        gunicorn's own waits in the main thread, which accepts no connections meanwhile.
        """
        try:
            if graceful:
                conn.sock.shutdown(socket.SHUT_WR)
                conn.sock.setblocking(False)
                conn.timeout = time.monotonic() + LINGER
                self.wait(conn, self.discard)
                self.nr_conns += 1  # until murder_pending() closes it
                return
        except OSError:  # the client has gone
            pass
        util.close(conn.sock)

    def discard(self, conn: Any, client: Any) -> None:
        """Discard what a client sends after the response; close the connection at its end."""
        try:
            is_open = client.recv(64 * 1024)
        except BlockingIOError:
            return
        except OSError:
            is_open = b""
        conn.timeout = conn.timeout if is_open else 0

    def _cap_keepalive(self, deadline: float) -> None:
        """Close connections without a request by `deadline`, as the process stops."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            if not conn.parser.unreader.buf.getbuffer().nbytes:
                conn.timeout = min(conn.timeout, deadline)

    def murder_pending(self) -> None:
        """Close connections that are late, and if there are too many, those that waited longest.

        gunicorn calls this after each round of events. It would stop accepting connections.
        """
        pending = sorted(self.pending_conns, key=lambda conn: conn.timeout)
        self.pending_conns: deque[Any] = deque(pending)
        excess = max(0, self.nr_conns - self.worker_connections + 1)
        for conn in [*pending, *self.keepalived_conns][:excess]:
            conn.timeout = 0
        super().murder_pending()
        self.murder_keepalived()

    def _keepalive_after(self, conn: Any, keepalive: bool) -> bool:
        """Close the connection after a truncated request: the rest of it may still arrive."""
        is_kept = super()._keepalive_after(conn, keepalive)
        return is_kept and not getattr(conn.parser.unreader, "is_truncated", False)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle SIGTERM; let /readyz fail on open connections."""
        health.mark_stopping()
        super().handle_exit(sig, frame)

    def is_parent_alive(self) -> bool:
        """Return True if the master process is running; shut down gracefully otherwise."""
        if not super().is_parent_alive():
            self.handle_exit(0, None)
            return False
        return True

    def set_accept_enabled(self, enabled: bool) -> None:
        """Start or stop accepting connections."""
        super().set_accept_enabled(enabled)
        if health.Process.is_stopping and not enabled and not owned_by_systemd:
            for listener in self.sockets:
                self.accept_backlog(listener)
                listener.close()

    def accept_backlog(self, listener: Any) -> None:
        """Accept every connection in the backlog of `listener`."""
        accepted = -1
        while accepted < self.nr_conns < self.worker_connections:
            accepted = self.nr_conns
            self.accept(listener)
