"""gunicorn's configuration; `gunicorn manage:app` reads it from the current directory, and
`gunicorn -c /srv/flasky/gunicorn.conf.py manage:app` from any other.

The command line and GUNICORN_CMD_ARGS override it. Its environment variables are documented in
docs/configuration.md. The application's modules are imported here, before workers are forked; each
worker creates its own application.
"""

import atexit
import gc
import os
import shutil
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # it has none

chdir = str(Path(__file__).resolve().parent)
sys.path.insert(0, chdir)

from envconfig import env_file  # noqa: E402 - needs sys.path
from envconfig.environment import Environment  # noqa: E402 - needs sys.path

env_file.load()  # as manage.py does, which is imported later
env = Environment()

MAX_DEFAULT_WORKERS = 8  # each needs memory and database connections

# ------------------------------------------------------------------------ address


def every_interface() -> str:
    """Return the host to listen on for IPv4 and IPv6, or only IPv4 if the machine has no IPv6."""
    with suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::", 0))
        if not probe.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):  # net.ipv6.bindv6only
            return "[::]"
    return "0.0.0.0"  # noqa: S104 - the proxy of the platform connects from outside


# Platforms set PORT and connect from outside. Otherwise nginx runs on the same machine.
port = env.number("PORT", 0, maximum=65535)
bind = f"{every_interface()}:{port}" if port else "127.0.0.1:8000"
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
    sys.exit(env_file.CONFIGURATION_ERROR)

from app.gunicorn_worker import Worker  # noqa: E402 - creates metrics
from app.logs.setup import create_formatter  # noqa: E402 - creates metrics
from config import ConfigurationError, get_config  # noqa: E402 - needs load()

# ------------------------------------------------------------------------ configuration

try:
    settings = get_config()
    settings.validate()  # here, so that not every worker prints the same errors
except ConfigurationError as error:
    print(error, file=sys.stderr)
    sys.exit(env_file.CONFIGURATION_ERROR)

if not settings.SITE_URL.endswith(script_name.rstrip("/")):
    print("SCRIPT_NAME is set: add this path to SITE_URL instead.", file=sys.stderr)
    sys.exit(env_file.CONFIGURATION_ERROR)

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

# ------------------------------------------------------------------------ worker class

upload = settings.UPLOAD_MAX_MEGABYTES * 2**20 if settings.UPLOAD_STORAGE else 0
Worker.max_body = settings.MAX_CONTENT_LENGTH + upload
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
