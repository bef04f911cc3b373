"""What happens to a site while people visit it.

An incident gets the site, and `last`, which it calls while things are bad: for as long as the run
is told to let them be bad. When it returns, what was broken is back.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from benchmarks.sites import Site, SmallSite, WholeSite
from tests.system.servers import eventually
from tests.system.slow_senders import HALF_A_FORM, HALF_A_HEAD, Attack

SLOW_SENDERS = 300  # of each kind

Last = Callable[[], None]
Place = TypeVar("Place", bound=Site)


def nothing(_site: WholeSite, last: Last) -> None:
    """Let them visit."""
    last()


def kill_gunicorn_worker(site: WholeSite, last: Last) -> None:
    """Kill one of two; gunicorn starts another."""
    victim = site.web.workers[0]
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: len(site.web.workers) == 2 and victim not in site.web.workers)
    last()


def kill_gunicorn_master(site: WholeSite, _last: Last) -> None:
    """Kill the first process; systemd ends the others, waits, and starts the service."""
    site.web.kill()
    time.sleep(site.web.unit.pause)
    site.web.start()


def restart_gunicorn(site: WholeSite, _last: Last) -> None:
    """Do as `systemctl restart flasky-web`."""
    site.web.stop()
    site.web.start()


def kill_postgresql(site: WholeSite, last: Last) -> None:
    """Cut the power of the database."""
    site.postgres.kill()
    last()
    site.postgres.start()


def restart_postgresql(site: WholeSite, _last: Last) -> None:
    """Do as `systemctl restart postgresql`."""
    site.postgres.stop("fast")
    site.postgres.start()


def kill_redis(site: WholeSite, last: Last) -> None:
    """Redis forgets everything, the jobs too."""
    site.redis.kill()
    last()
    site.redis.start()


def hang_redis(site: WholeSite, last: Last) -> None:
    """Redis takes connections, and answers nobody."""
    site.redis.hang()
    last()
    site.redis.go_on()


def kill_mail_server(site: WholeSite, last: Last) -> None:
    """Nobody takes letters, while more are promised."""
    site.office.stop(signal.SIGKILL)
    last()
    site.office.start()


def kill_worker(site: WholeSite, last: Last) -> None:
    """Kill `flask worker`; systemd waits, and starts it."""
    site.worker.kill()
    last()
    time.sleep(site.worker.unit.pause)
    site.worker.start()


def send_slowly(site: WholeSite, last: Last) -> None:
    """Send hundreds of requests by halves."""
    with (
        Attack(site.nginx, HALF_A_HEAD, SLOW_SENDERS),
        Attack(site.nginx, HALF_A_FORM, SLOW_SENDERS),
    ):
        last()


def fill_disk_of_log(site: WholeSite, last: Last) -> None:
    """Start the site with a log that takes nothing, and later with its own."""
    own = site.web.log_file
    site.web.stop()
    site.web.log_file = Path("/dev/full")
    site.web.start()
    last()
    site.web.stop()
    site.web.log_file = own
    site.web.start()


def fill_disk_of_sqlite(site: SmallSite, last: Last) -> None:
    """Leave no room for the database to grow."""
    site.disk.fill()
    last()
    site.disk.free()


@dataclass(frozen=True)
class Incident(Generic[Place]):
    """Something that happens; `title` says what, and `name` chooses it."""

    name: str
    title: str
    happen: Callable[[Place, Last], None]
    is_unseen: bool = False  # no request may fail for it


INCIDENTS: list[Incident[WholeSite]] = [
    Incident("nothing", "nothing", nothing, is_unseen=True),
    Incident("worker", "`kill -9` of a gunicorn worker", kill_gunicorn_worker),
    Incident("master", "`kill -9` of gunicorn's master", kill_gunicorn_master),
    Incident("restart", "restart of the site", restart_gunicorn, is_unseen=True),
    Incident("postgresql", "`kill -9` of PostgreSQL", kill_postgresql),
    Incident("postgresql-restart", "restart of PostgreSQL", restart_postgresql),
    Incident("redis", "`kill -9` of Redis", kill_redis, is_unseen=True),
    Incident("redis-hangs", "Redis hangs", hang_redis, is_unseen=True),
    Incident("mail", "`kill -9` of the mail server", kill_mail_server, is_unseen=True),
    Incident("jobs", "`kill -9` of `flask worker`", kill_worker, is_unseen=True),
    Incident("slow-senders", "600 requests sent by halves", send_slowly, is_unseen=True),
    Incident("log", "disk of the log full", fill_disk_of_log, is_unseen=True),
]

ON_SQLITE = Incident("sqlite", "disk of SQLite full", fill_disk_of_sqlite)
