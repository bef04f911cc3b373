"""gunicorn's configuration; `gunicorn manage:app` reads it from the current directory, and
`gunicorn -c /srv/flasky/gunicorn.conf.py manage:app` from any other.

The command line and GUNICORN_CMD_ARGS override it. Its environment variables are documented in
docs/configuration.md. The application's modules are imported here, before workers are forked; each
worker creates its own application.
"""

import atexit
import gc
import os
import re
import selectors
import shutil
import sys
import tempfile
import time
from collections import deque
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from dotenv import load_dotenv
from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # it has none
from gunicorn.http.unreader import Unreader  # type: ignore[import-untyped]  # it has none
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]  # it has none

chdir = str(Path(__file__).resolve().parent)
sys.path.insert(0, chdir)

from envconfig.environment import Environment  # noqa: E402 - needs sys.path

load_dotenv()  # as manage.py does, which is imported later
env = Environment()

CONFIGURATION_ERROR = 3  # exit status, as in manage.py
MAX_DEFAULT_WORKERS = 8  # each needs memory and database connections

# ------------------------------------------------------------------------ address

# Platforms set PORT and connect from outside. Otherwise nginx runs on the same machine.
port = env.number("PORT", 0, maximum=65535)
bind = f"0.0.0.0:{port}" if port else "127.0.0.1:8000"
backlog = 2048
control_socket_disable = True  # systemd and supervisor use signals

# ------------------------------------------------------------------------ workers

cpus = os.cpu_count() or 1
# At least two, so that one serves while the other restarts.
workers = env.number("WEB_CONCURRENCY", min(max(cpus, 2), MAX_DEFAULT_WORKERS), maximum=200)
threads = env.number("WEB_THREADS", 8, maximum=200)
# Limits memory leaks. The jitter prevents workers from restarting at the same time.
max_requests = env.number("WEB_MAX_REQUESTS", 10_000, minimum=0)
max_requests_jitter = max_requests // 10
# The usual limit of a process is 1,024 open files. Idle connections count, too.
worker_connections = 800
# Workers update a heartbeat file every second; a slow disk could block them.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn's file

# ------------------------------------------------------------------------ timeouts, in seconds

timeout = 30  # without a heartbeat of the worker; a request may take longer
graceful_timeout = 25  # after SIGTERM; platforms send SIGKILL after 30
request_timeout = 20  # for receiving a whole request; not a setting of gunicorn
# Longer than the proxies' (AWS 60, Heroku 90): if the server closed an idle connection first, the
# proxy could send the next request on it.
keepalive = 95

# ------------------------------------------------------------------------ proxies and limits

# The application trusts proxies itself (TRUSTED_PROXY_COUNT). gunicorn would trust every process
# on this machine, and every Unix socket.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
# The application takes its path from SITE_URL. With this variable, gunicorn would answer 500 to
# health checks, which do not have the path.
script_name = os.environ.pop("SCRIPT_NAME", "")
limit_request_line = 8190  # like nginx
limit_request_fields = 100
limit_request_field_size = 8190

# ------------------------------------------------------------------------ metrics

multiproc_dir = env.text("PROMETHEUS_MULTIPROC_DIR")
if multiproc_dir is None:
    # Set it before the application is imported. In memory if possible: the files are mapped, and a
    # process that writes to a mapped file on a full disk is killed (SIGBUS).
    multiproc_dir = tempfile.mkdtemp(prefix="flasky-", dir=worker_tmp_dir)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = multiproc_dir
    master_pid, created = os.getpid(), multiproc_dir
    atexit.register(lambda: shutil.rmtree(created, True) if os.getpid() == master_pid else None)
try:
    Path(multiproc_dir).mkdir(parents=True, exist_ok=True)
except OSError as error:
    env.errors["multiproc"] = f"PROMETHEUS_MULTIPROC_DIR cannot be created: {error.strerror}."

if env.errors:
    print("\n".join(env.errors.values()), file=sys.stderr)
    sys.exit(CONFIGURATION_ERROR)

from app import health  # noqa: E402 - creates metrics
from app.logs.setup import create_formatter  # noqa: E402 - creates metrics
from config import ConfigurationError, get_config  # noqa: E402 - needs load_dotenv()

# ------------------------------------------------------------------------ configuration

try:
    settings = get_config()
    settings.validate()  # here, so that not every worker prints the same errors
except ConfigurationError as error:
    print(error, file=sys.stderr)
    sys.exit(CONFIGURATION_ERROR)

if not settings.SITE_URL.endswith(script_name.rstrip("/")):
    print("SCRIPT_NAME is set: add this path to SITE_URL instead.", file=sys.stderr)
    sys.exit(CONFIGURATION_ERROR)

# ------------------------------------------------------------------------ logging

loglevel = settings.LOG_LEVEL
formatter = create_formatter({name: getattr(settings, name) for name in dir(settings)})


class Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's log in the format of the application.

    The access log is off by default; the application has its own. With `logconfig_dict` gunicorn
    would format an entry for each request even if none is written.
    """

    def setup(self, cfg: Any) -> None:
        """Set the formatter, which redacts secrets."""
        super().setup(cfg)
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(formatter)


logger_class = Log

# ------------------------------------------------------------------------ slow clients

MAX_HEAD = 64 * 1024  # bytes
MAX_REQUEST = MAX_HEAD + settings.MAX_CONTENT_LENGTH
MAX_RECEIVED = 32 * MAX_REQUEST  # of all incomplete requests of a worker, approximately
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*\r\n", re.IGNORECASE)
LAST_CHUNK = b"\r\n0\r\n\r\n"


class Received(Unreader):  # type: ignore[misc]  # gunicorn has no types
    """What a connection has received. The parser and the application do not wait for more."""

    head_size = body_size = searched = 0
    is_chunked = is_truncated = False

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
            return self.is_complete(size)
        except OSError:  # the client has gone
            pass
        return True

    def is_complete(self, size: int) -> bool:
        """Return True if this is a whole request."""
        if not self.head_size:
            end = self.buf.getvalue().find(b"\r\n\r\n")
            if end < 0:
                return size > MAX_HEAD
            head = self.buf.getvalue()[: end + 2]
            length = CONTENT_LENGTH.search(head)
            self.head_size, self.searched = end + 4, end
            self.body_size = int(length[1]) if length and len(length[1]) < 10 else 0
            self.is_chunked = CHUNKED.search(head) is not None
        if self.is_chunked:
            new = bytes(self.buf.getbuffer()[self.searched :])
            self.searched = max(self.searched, size - len(LAST_CHUNK))
            return LAST_CHUNK in new
        return size >= self.head_size + self.body_size or self.body_size > MAX_REQUEST


# ------------------------------------------------------------------------ worker

# A socket that systemd owns stays open: the next process accepts its connections.
owned_by_systemd = os.environ.get("LISTEN_PID") == str(os.getpid())


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A gthread worker for slow clients, which loses no connection during a graceful shutdown.

    gunicorn's own passes each connection to a thread, which waits for the request, so that as many
    incomplete requests as there are threads would stop it. This worker passes on complete
    requests. If there are too many connections, it closes the one that has waited for longest.

    gunicorn stops accepting connections, but keeps its socket open until the last request is
    done, and then drops the connections in the backlog. This worker accepts those in the backlog
    and closes the socket, so that load balancers use another server.
    """

    def enqueue_req(self, conn: Any) -> None:
        """Pass a request to a thread once it is complete."""
        if self.cfg.is_ssl:
            super().enqueue_req(conn)
            return
        if self.nr_conns >= self.worker_connections:
            self.close_oldest()
        conn.init()
        if not isinstance(conn.parser.unreader, Received):
            conn.parser.unreader = Received()
        conn.sock.setblocking(False)
        limit = min(MAX_REQUEST, MAX_RECEIVED // (len(self.pending_conns) + 1))
        if conn.parser.unreader.receive(conn.sock, limit):
            conn.data_ready = False
            conn.parser.unreader.head_size = 0  # of the next request
            super().enqueue_req(conn)
            return
        if not conn.data_ready:  # it has not been in pending_conns
            conn.timeout = time.monotonic() + request_timeout
        self.pending_conns.append(conn)
        readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, readable)

    def close_oldest(self) -> None:
        """Close the connection that has been incomplete, or else idle, for longest."""
        if self.pending_conns:
            min(self.pending_conns, key=lambda conn: conn.timeout).timeout = 0
            self.murder_pending()
        elif self.keepalived_conns:
            self.keepalived_conns[0].timeout = 0
            self.murder_keepalived()

    def _cap_keepalive(self, deadline: float) -> None:
        """Close connections without a request by `deadline`, as the process stops."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            if not conn.parser.unreader.buf.getbuffer().nbytes:
                conn.timeout = min(conn.timeout, deadline)

    def murder_pending(self) -> None:
        """Close connections whose request is late."""
        self.pending_conns = deque(sorted(self.pending_conns, key=lambda conn: conn.timeout))
        super().murder_pending()

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


worker_class = Worker

# ------------------------------------------------------------------------ server hooks


def on_starting(server: Any) -> None:
    """Let workers that run as another user (`--user`) write metrics."""
    if os.geteuid() == 0:
        os.chown(os.environ["PROMETHEUS_MULTIPROC_DIR"], server.cfg.uid, server.cfg.gid)


def pre_fork(server: Any, _worker: Any) -> None:
    """Keep memory shared with workers; create the metrics directory again if it was deleted."""
    gc.collect()
    gc.freeze()  # garbage collection would write to, and so copy, every object: 20% of the memory
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    if not folder.is_dir():
        folder.mkdir(parents=True, mode=0o700)
        on_starting(server)
