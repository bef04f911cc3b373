"""Faults that are injected into a site under load.

A fault is a function of the site and of `wait`, which it calls while the part is down. When it
returns, the part is back.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from benchmarks.stacks import ProductionStack, SQLiteStack, Stack
from tests.platforms.server.slow_clients import PARTIAL_FORM, PARTIAL_HEADERS, SlowClients
from tests.support.servers import eventually

SLOW_CLIENTS = 300  # of each kind

Wait = Callable[[], None]
StackT = TypeVar("StackT", bound=Stack)


def nothing(_site: ProductionStack, wait: Wait) -> None:
    """Inject no fault."""
    wait()


def kill_gunicorn_worker(site: ProductionStack, wait: Wait) -> None:
    """Kill one of two workers; gunicorn starts another."""
    killed = site.web.workers[0]
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: len(site.web.workers) == 2 and killed not in site.web.workers)
    wait()


def kill_gunicorn_master(site: ProductionStack, _wait: Wait) -> None:
    """Kill the master; systemd stops the workers, waits, and starts the service."""
    site.web.kill()
    time.sleep(site.web.unit.pause)
    site.web.start()


def restart_gunicorn(site: ProductionStack, _wait: Wait) -> None:
    """Restart as `systemctl restart flasky-web` does."""
    site.web.stop()
    site.web.start()


def kill_postgresql(site: ProductionStack, wait: Wait) -> None:
    """Kill every process of the database."""
    site.postgres.kill()
    wait()
    site.postgres.start()


def restart_postgresql(site: ProductionStack, _wait: Wait) -> None:
    """Restart as `systemctl restart postgresql` does."""
    site.postgres.stop("fast")
    site.postgres.start()


def kill_redis(site: ProductionStack, wait: Wait) -> None:
    """Kill Redis, which loses everything."""
    site.redis.kill()
    wait()
    site.redis.start()


def hang_redis(site: ProductionStack, wait: Wait) -> None:
    """Stop Redis with SIGSTOP: it accepts connections, and does not respond."""
    site.redis.pause()
    wait()
    site.redis.resume()


def kill_mail_server(site: ProductionStack, wait: Wait) -> None:
    """Kill the SMTP server while email is queued."""
    site.smtp_sink.stop(signal.SIGKILL)
    wait()
    site.smtp_sink.start()


def kill_worker(site: ProductionStack, wait: Wait) -> None:
    """Kill `flask worker`; systemd waits, and starts it again."""
    site.worker.kill()
    wait()
    time.sleep(site.worker.unit.pause)
    site.worker.start()


def send_slow_requests(site: ProductionStack, wait: Wait) -> None:
    """Send hundreds of incomplete requests."""
    with (
        SlowClients(site.nginx, PARTIAL_HEADERS, SLOW_CLIENTS),
        SlowClients(site.nginx, PARTIAL_FORM, SLOW_CLIENTS),
    ):
        wait()


def fill_log_disk(site: ProductionStack, wait: Wait) -> None:
    """Start the site with its log on a full disk, and then with its own log."""
    log_file = site.web.log_file
    site.web.stop()
    site.web.log_file = Path("/dev/full")
    site.web.start()
    wait()
    site.web.stop()
    site.web.log_file = log_file
    site.web.start()


def fill_sqlite_disk(site: SQLiteStack, wait: Wait) -> None:
    """Fill the disk of the database."""
    site.disk.fill()
    wait()
    site.disk.free()


@dataclass(frozen=True)
class Fault(Generic[StackT]):
    """A fault; `title` describes it, and `name` selects it on the command line."""

    name: str
    title: str
    inject: Callable[[StackT, Wait], None]
    is_lossless: bool = False  # no request may fail


FAULTS: list[Fault[ProductionStack]] = [
    Fault("nothing", "nothing", nothing, is_lossless=True),
    Fault("worker", "`kill -9` of a gunicorn worker", kill_gunicorn_worker),
    Fault("master", "`kill -9` of gunicorn's master", kill_gunicorn_master),
    Fault("restart", "restart of the site", restart_gunicorn, is_lossless=True),
    Fault("postgresql", "`kill -9` of PostgreSQL", kill_postgresql),
    Fault("postgresql-restart", "restart of PostgreSQL", restart_postgresql),
    Fault("redis", "`kill -9` of Redis", kill_redis, is_lossless=True),
    Fault("redis-hangs", "Redis hangs", hang_redis, is_lossless=True),
    Fault("mail", "`kill -9` of the mail server", kill_mail_server, is_lossless=True),
    Fault("jobs", "`kill -9` of `flask worker`", kill_worker, is_lossless=True),
    Fault("slow-clients", "600 incomplete requests", send_slow_requests, is_lossless=True),
    Fault("log", "log disk full", fill_log_disk, is_lossless=True),
]

SQLITE_FAULT = Fault("sqlite", "SQLite disk full", fill_sqlite_disk)
