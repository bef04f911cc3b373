"""How gunicorn serves the site. `gunicorn manage:app` in this folder finds this file by itself.

What is said on the command line, or in GUNICORN_CMD_ARGS, wins over it. The variables are told in
docs/configuration.md. The application is imported here, before the workers are forked, and made in
each of them.
"""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any

from dotenv import load_dotenv
from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # it has none
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]  # it has none

from settings.environment import Environment

load_dotenv()  # as manage.py does, which comes too late for what is read here
env = Environment()

CANNOT_START = 3  # the code that manage.py exits with, too
MOST_WORKERS = 8  # that are started unasked: each takes memory, and connections to the database

# ------------------------------------------------------------------------ where it listens

# A platform that names a port sends its proxies there from outside. Everybody else has nginx on
# the same machine, or says --bind.
port = env.number("PORT", 0, maximum=65535)
bind = f"0.0.0.0:{port}" if port else "127.0.0.1:8000"
backlog = 2048
control_socket_disable = True  # a door that nobody needs: systemd and supervisor send signals

# ------------------------------------------------------------------------ who does the work

cpus = os.cpu_count() or 1
# Two at least, so that one goes on while the other is replaced.
workers = env.number("WEB_CONCURRENCY", min(max(cpus, 2), MOST_WORKERS), maximum=200)
threads = env.number("WEB_THREADS", 8, maximum=200)
# Whatever leaks, leaks no longer than this; and not all workers are replaced at once.
max_requests = env.number("WEB_MAX_REQUESTS", 10_000, minimum=0)
max_requests_jitter = max_requests // 10
# Workers touch a file there every second, and a disk may make them wait.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - no file of ours

# ------------------------------------------------------------------------ how long it waits

timeout = 30  # seconds without a sign of life; then the worker is killed. Requests may take longer
graceful_timeout = 25  # seconds to finish after SIGTERM; platforms kill after 30
# Longer than the proxies before us (AWS 60, Heroku 90): who closes an idle connection must be the
# one that would send the next request on it.
keepalive = 95

# ------------------------------------------------------------------------ whom it believes

# Nobody. The application asks as many proxies as are declared (FLASKY_PROXIES). gunicorn itself
# would believe every program on this machine, and whatever comes by a unix socket.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
limit_request_line = 8190  # nginx takes 8 KiB, too
limit_request_fields = 100
limit_request_field_size = 8190

# ------------------------------------------------------------------------ what it counts

metrics_folder = env.text("PROMETHEUS_MULTIPROC_DIR")
if metrics_folder is None:
    # Before prometheus_client is imported, which looks at it. In memory, where there is such a
    # folder: the files are mapped, and a process that writes to one on a full disk is killed.
    metrics_folder = tempfile.mkdtemp(prefix="flasky-", dir=worker_tmp_dir)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics_folder
    master, made = os.getpid(), metrics_folder
    atexit.register(lambda: shutil.rmtree(made, True) if os.getpid() == master else None)
Path(metrics_folder).mkdir(parents=True, exist_ok=True)

if env.unreadable:
    print("\n".join(env.unreadable.values()), file=sys.stderr)
    sys.exit(CANNOT_START)

from prometheus_client.multiprocess import mark_process_dead  # noqa: E402 - as said above

from app import health, logs  # noqa: E402 - as said above
from config import ConfigurationError, choose  # noqa: E402 - must come after load_dotenv()

# ------------------------------------------------------------------------ whether it can start

try:
    chosen = choose()
    # Each worker would say the same, and the second to do so would break gunicorn's farewell.
    chosen.check()
except ConfigurationError as error:
    print(error, file=sys.stderr)
    sys.exit(CANNOT_START)

# ------------------------------------------------------------------------ what it says

loglevel = chosen.FLASKY_LOG_LEVEL.lower()
formatter = logs.formatter_of({name: getattr(chosen, name) for name in dir(chosen)})


class Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own messages, written as the application's are. No line for each request.

    With `logconfig_dict` gunicorn would prepare a line for each request even if none is written.
    """

    def setup(self, cfg: Any) -> None:
        """Take the format, beginning with the first line."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter)


logger_class = Log

# ------------------------------------------------------------------------ how it stops

# A socket of systemd's outlives us: what waits there is the next one's.
is_held = os.environ.get("LISTEN_PID") == str(os.getpid())


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A gthread worker that leaves nobody in the queue when it is told to stop.

    gunicorn stops taking connections, but lets them queue up until the last request is done, and
    drops them then. Here those that wait are taken, and whoever comes later is refused at once,
    which tells a load balancer to go elsewhere.
    """

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take note of SIGTERM; probes on a kept connection hear of it."""
        health.stopping()
        super().handle_exit(sig, frame)

    def is_parent_alive(self) -> bool:
        """Tell whether there is a master; without one, stop as if told to."""
        if not super().is_parent_alive():
            self.handle_exit(0, None)
            return False
        return True

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take connections, or take no more."""
        super().set_accept_enabled(enabled)
        if health.Process.is_stopping and not enabled and not is_held:
            for listener in self.sockets:
                self.take_all(listener)
                listener.close()

    def take_all(self, listener: Any) -> None:
        """Take every connection that waits at `listener`."""
        taken = -1
        while taken < self.nr_conns < self.worker_connections:
            taken = self.nr_conns
            self.accept(listener)


worker_class = Worker

# ------------------------------------------------------------------------ when something happens


def on_starting(server: Any) -> None:
    """Let the workers count, whoever they will be: `--user` makes them somebody else."""
    if os.geteuid() == 0:
        os.chown(os.environ["PROMETHEUS_MULTIPROC_DIR"], server.cfg.uid, server.cfg.gid)


def pre_fork(server: Any, _worker: Any) -> None:
    """Make the folder again, if somebody has tidied it away: a worker cannot do without."""
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    if not folder.is_dir():
        folder.mkdir(parents=True, mode=0o700)
        on_starting(server)


def child_exit(_server: Any, worker: Any) -> None:
    """Forget what was true of a worker only while it lived."""
    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # it has no types
