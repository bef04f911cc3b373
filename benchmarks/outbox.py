"""Check that every email arrives while the parts that carry it are killed again and again.

    python -m benchmarks.outbox [--emails 1000] [--seconds 40] [--kill-database]

The benchmark starts the real parts with a production configuration (PostgreSQL, gunicorn with two
workers, `flask worker`, an SMTP server), registers users over HTTP, and meanwhile kills the worker
and the SMTP server, and if asked PostgreSQL, with SIGKILL, one at a time. Then it lets everything
run, counts what has arrived, and prints a table.
"""

import argparse
import http.client
import random
import re
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlencode

from sqlalchemy import NullPool, create_engine, text

from tests.support.databases import EphemeralPostgres
from tests.support.mailbox import free_port
from tests.support.servers import BIN, Gunicorn, Server, connect, deploy, production

CLIENTS = 6
MAIL_TIMEOUT = 2
DOWNTIME = (0.3, 1.5)  # seconds that a part is down
INTERVAL = (0.5, 2.0)  # seconds until the next part is killed
DRAIN_TIMEOUT = 180  # seconds for all email to arrive
PASSWORD = "a sentence as a password"  # noqa: S105 - of users who do not exist


@dataclass
class Report:
    """The result of a run."""

    emails: int
    failed: dict[str, str] = field(default_factory=dict)  # errors by address
    kills: Counter[str] = field(default_factory=Counter)
    arrived: Counter[str] = field(default_factory=Counter)
    message_ids: dict[str, set[str]] = field(default_factory=dict)
    duration: float = 0.0
    slowest: float = 0.0
    drain_time: float = 0.0
    pending: int = 0

    @property
    def lost(self) -> int:
        """The number of registered users who got no email."""
        registered = {email(number) for number in range(self.emails)} - self.failed.keys()
        return len(registered - self.arrived.keys())

    @property
    def duplicates(self) -> int:
        """The number of emails that were delivered more than once."""
        return sum(self.arrived.values()) - len(self.arrived)

    @property
    def unrecognizable(self) -> int:
        """The number of duplicates with another Message-ID, which no mail client can hide."""
        return sum(len(ids) > 1 for ids in self.message_ids.values())

    def __str__(self) -> str:
        killed = ", ".join(f"{name} {times} times" for name, times in sorted(self.kills.items()))
        rows = {
            "registrations": f"{self.emails} in {self.duration:.0f} s",
            "failed registrations": len(self.failed),
            "slowest registration": f"{self.slowest:.2f} s",
            "killed": killed or "nothing",
            "emails lost": self.lost,
            "emails delivered twice": self.duplicates,
            "of them with another Message-ID": self.unrecognizable,
            "emails still pending": self.pending,
            "time until none was pending": f"{self.drain_time:.0f} s",
        }
        return "\n".join(f"| {name} | {value} |" for name, value in rows.items())


class FlaskWorker(Server):
    """`flask worker`."""

    def __init__(self, environment: dict[str, str]) -> None:
        super().__init__([str(BIN / "flask"), "worker", "--threads", "2"], environment)

    def is_responding(self) -> bool:
        """Return True if it has started."""
        return f"PID {self.pid}." in self.log


class SMTPSinkServer(Server):
    """The SMTP server, at the address `host` of this machine; `file` is its record."""

    def __init__(self, file: Path, host: str = "127.0.0.1") -> None:
        self.host, self.port, self.file = host, free_port(), file
        arguments = ["-m", "benchmarks.smtp_sink", host, str(self.port), str(file)]
        super().__init__([sys.executable, *arguments], {})

    def is_responding(self) -> bool:
        """Return True if it accepts connections."""
        with socket.socket() as probe:
            return probe.connect_ex((self.host, self.port)) == 0

    def accepted(self) -> list[tuple[str, str]]:
        """Return recipient and Message-ID of every message."""
        return [(recipient, message_id) for recipient, message_id, _client in self._lines()]

    def clients(self) -> set[str]:
        """Return the IP addresses of its clients."""
        return {client for _recipient, _message_id, client in self._lines()}

    def _lines(self) -> Iterator[list[str]]:
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return (line.split("\t") for line in lines)


Part: TypeAlias = Server | EphemeralPostgres


class OutboxStack:
    """Every part that an email passes through."""

    def __init__(self, stack: ExitStack) -> None:
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outbox")))
        self.smtp_sink = stack.enter_context(SMTPSinkServer(self.folder / "accepted"))
        self.postgres = stack.enter_context(EphemeralPostgres())
        database = self.postgres.new_database()
        self.engine = create_engine(database, poolclass=NullPool)
        environment = production(
            "http://127.0.0.1",
            database,
            JOBS_IN_WEB=False,
            MAIL_SERVER="127.0.0.1",
            MAIL_PORT=self.smtp_sink.port,
            MAIL_TIMEOUT=MAIL_TIMEOUT,
            PASSWORD_HASH_METHOD="scrypt:256:8:1",  # noqa: S106 - a fast method, not a password
            RATELIMIT_REGISTER="1000000 per minute",
            RATELIMIT_EMAIL="1000000 per minute",
        )
        deploy(environment)
        self.web = stack.enter_context(Gunicorn(environment, "--workers", "2"))
        self.worker = stack.enter_context(FlaskWorker(environment))

    def pending(self) -> int:
        """Return the number of emails that the site has not sent."""
        count = text("SELECT count(*) FROM outbox_emails WHERE sent_at IS NULL")
        with self.engine.connect() as connection:
            return int(connection.scalar(count) or 0)

    def parts(self, kill_database: bool) -> dict[str, Part]:
        """Return the parts that are killed."""
        parts: dict[str, Part] = {"worker": self.worker, "SMTP server": self.smtp_sink}
        return parts | ({"PostgreSQL": self.postgres} if kill_database else {})


class RegistrationClient:
    """Registers users, one after the other, over one connection."""

    def __init__(self, bind: str) -> None:
        self.connection, self.cookie = connect(bind), ""
        page = self._send("GET", "/auth/register").read().decode()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        self.token = token[1] if token else ""

    def register(self, number: int) -> str:
        """Register a user; return an error message, or an empty string."""
        fields = {"email": email(number), "username": f"user{number}"}
        passwords = {"password": PASSWORD, "password2": PASSWORD}
        body = urlencode({"csrf_token": self.token} | fields | passwords)
        try:
            response = self._send("POST", "/auth/register", body)
            response.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            return f"{type(error).__name__}: {error}"
        registered = (response.getheader("Location") or "").endswith("/auth/unconfirmed")
        return "" if registered else f"status {response.status}"

    def _send(self, method: str, path: str, body: str | None = None) -> http.client.HTTPResponse:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Host": "127.0.0.1"}
        if method == "POST":
            headers["Cookie"] = self.cookie
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        if method == "GET":
            self.cookie = (response.getheader("Set-Cookie") or "").split(";")[0]
        return response


def email(number: int) -> str:
    """Return the email address of a user."""
    return f"user{number}@example.com"


def run_benchmark(
    emails: int, seconds: float, *, kill_database: bool = False, seed: int = 7
) -> Report:
    """Register users for `seconds` while parts are killed; return the result."""
    report, rng = Report(emails), random.Random(seed)  # noqa: S311 - not for a secret
    with ExitStack() as stack:
        site = OutboxStack(stack)
        with kill_parts(site.parts(kill_database), report, rng):
            register_all(site, report, seconds)
        started = time.monotonic()
        report.pending = wait_for_outbox(site)
        report.drain_time = time.monotonic() - started
        for recipient, message_id in site.smtp_sink.accepted():
            report.arrived[recipient] += 1
            report.message_ids.setdefault(recipient, set()).add(message_id)
    return report


def register_all(site: OutboxStack, report: Report, seconds: float) -> None:
    """Register all users, evenly over `seconds`, or as fast as the site responds."""
    numbers = iter(range(report.emails))
    lock = threading.Lock()

    def run() -> None:
        client = RegistrationClient(site.web.bind)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return client.connection.close()
            time.sleep(max(0.0, start + seconds * number / report.emails - time.monotonic()))
            sent_at = time.monotonic()
            error = client.register(number)
            with lock:
                report.slowest = max(report.slowest, time.monotonic() - sent_at)
                report.failed |= {email(number): error} if error else {}

    start = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        for future in [pool.submit(run) for _ in range(CLIENTS)]:
            future.result()
    report.duration = time.monotonic() - start


@contextmanager
def kill_parts(parts: dict[str, Part], report: Report, rng: random.Random) -> Iterator[None]:
    """Kill and restart each part at least once; leave all of them running."""
    stopped = threading.Event()

    def run() -> None:
        for name, part in cycle(parts.items()):
            if stopped.wait(rng.uniform(*INTERVAL)) and len(report.kills) == len(parts):
                return
            part.kill() if isinstance(part, EphemeralPostgres) else part.stop(signal.SIGKILL)
            report.kills[name] += 1
            time.sleep(rng.uniform(*DOWNTIME))
            part.start()

    with ThreadPoolExecutor(1) as pool:
        killer = pool.submit(run)
        try:
            yield
        finally:
            stopped.set()
            killer.result()


def wait_for_outbox(site: OutboxStack) -> int:
    """Wait until no email is pending, at most DRAIN_TIMEOUT; return the number that still is.

    An email counts as pending until its delivery is committed; until then it may be sent again.
    """
    deadline = time.monotonic() + DRAIN_TIMEOUT
    while (pending := site.pending()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return pending


def main() -> None:
    """Run the benchmark and print the table; exit with 1 if an email or a request was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--emails", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--kill-database", action="store_true", help="kill PostgreSQL, too")
    arguments = parser.parse_args()
    kill_database = arguments.kill_database
    report = run_benchmark(arguments.emails, arguments.seconds, kill_database=kill_database)
    sys.stdout.write(f"{report}\n")
    if report.lost or (report.failed and not kill_database):
        sys.stdout.write(f"{list(report.failed.items())[:10]}\n")
        raise SystemExit(1)


if __name__ == "__main__":
    main()
