"""Does every letter arrive while what carries it is killed again and again?

    python -m benchmarks.outbox [--letters 1000] [--seconds 40] [--queue redis|sqlite]

starts the real parts in production's configuration (PostgreSQL, gunicorn with two workers,
`flask worker`, the queue, a mail server), registers so many people over HTTP, and meanwhile kills
the worker, the queue's Redis and the mail server with SIGKILL, one at a time. Then everything
runs, and what arrived is counted. It prints a table.
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
from urllib.parse import urlencode

from sqlalchemy import NullPool, create_engine, text

from tests.databases import EphemeralPostgres
from tests.mailbox import free_port
from tests.redis_server import EphemeralRedis
from tests.system.servers import BIN, Gunicorn, Server, connect, deploy, production

READERS = 6
MAIL_TIMEOUT = 2
DOWN = (0.3, 1.5)  # seconds that a part is down
BETWEEN = (0.5, 2.0)  # seconds until the next one is killed
DRAIN = 180  # seconds until everything must have arrived
PASSWORD = "a sentence as a password"  # noqa: S105 - of people who do not exist


@dataclass
class Report:
    """What happened."""

    queue: str
    letters: int
    failed: list[str] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    arrived: Counter[str] = field(default_factory=Counter)
    names: dict[str, set[str]] = field(default_factory=dict)
    registering: float = 0.0
    slowest: float = 0.0
    draining: float = 0.0
    waiting: int = 0

    @property
    def lost(self) -> int:
        """Return how many people got no letter."""
        return self.letters - len(self.failed) - len(self.arrived)

    @property
    def doubles(self) -> int:
        """Return how many letters were delivered more than once."""
        return sum(self.arrived.values()) - len(self.arrived)

    @property
    def renamed(self) -> int:
        """Return how many of those nobody could tell from two letters."""
        return sum(len(names) > 1 for names in self.names.values())

    def __str__(self) -> str:
        killed = ", ".join(f"{name} {times} times" for name, times in sorted(self.kills.items()))
        rows = {
            "queue": self.queue,
            "registrations": f"{self.letters} in {self.registering:.0f} s",
            "of them failed": len(self.failed),
            "slowest registration": f"{self.slowest:.2f} s",
            "killed": killed or "nothing",
            "letters lost": self.lost,
            "letters delivered twice": self.doubles,
            "of them under another Message-ID": self.renamed,
            "letters that still wait": self.waiting,
            "until none waited": f"{self.draining:.0f} s",
        }
        return "\n".join(f"| {name} | {value} |" for name, value in rows.items())


class FlaskWorker(Server):
    """`flask worker`."""

    def __init__(self, environment: dict[str, str]) -> None:
        super().__init__([str(BIN / "flask"), "worker", "--threads", "2"], environment)

    def answers(self) -> bool:
        """Tell whether it has begun."""
        return f"PID {self.pid}." in self.log


class PostOfficeServer(Server):
    """The mail server, at the address `host` of this machine."""

    def __init__(self, ledger: Path, host: str = "127.0.0.1") -> None:
        self.host, self.port, self.ledger = host, free_port(), ledger
        words = ["-m", "benchmarks.post_office", host, str(self.port), str(ledger)]
        super().__init__([sys.executable, *words], {})

    def answers(self) -> bool:
        """Tell whether it can be reached."""
        with socket.socket() as probe:
            return probe.connect_ex((self.host, self.port)) == 0

    def taken(self) -> list[tuple[str, str]]:
        """Return recipient and Message-ID of every letter that it took."""
        return [(recipient, name) for recipient, name, _bearer in self._lines()]

    def bearers(self) -> set[str]:
        """Return the addresses of all who have brought letters."""
        return {bearer for _recipient, _name, bearer in self._lines()}

    def _lines(self) -> Iterator[list[str]]:
        lines = self.ledger.read_text().splitlines() if self.ledger.exists() else []
        return (line.split("\t") for line in lines)


class Site:
    """Everything that a letter passes through."""

    def __init__(self, stack: ExitStack, queue: str) -> None:
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outbox")))
        self.office = stack.enter_context(PostOfficeServer(self.folder / "ledger"))
        self.redis = stack.enter_context(EphemeralRedis()) if queue == "redis" else None
        postgres = stack.enter_context(EphemeralPostgres())
        database = postgres.new_database()
        self.engine = create_engine(database, poolclass=NullPool)
        file = f"sqlite:///{self.folder}/queue.sqlite"
        environment = production(
            "http://127.0.0.1",
            database,
            **({"REDIS_URL": self.redis.url} if self.redis else {"QUEUE_URL": file}),
            MAIL_SERVER="127.0.0.1",
            MAIL_PORT=self.office.port,
            MAIL_TIMEOUT=MAIL_TIMEOUT,
            PASSWORD_HASH_METHOD="scrypt:256:8:1",  # noqa: S106 - a quick method's name
            RATELIMIT_REGISTER="1000000 per minute",
            RATELIMIT_LETTER="1000000 per minute",
        )
        deploy(environment)
        self.web = stack.enter_context(Gunicorn(environment, "--workers", "2"))
        self.worker = stack.enter_context(FlaskWorker(environment))

    def waiting(self) -> int:
        """Return how many letters have not gone out, as the site sees it."""
        count = text("SELECT count(*) FROM letters WHERE sent_at IS NULL")
        with self.engine.connect() as connection:
            return int(connection.scalar(count) or 0)

    def victims(self) -> dict[str, Server | EphemeralRedis]:
        """Return what is killed."""
        servers: dict[str, Server | EphemeralRedis] = {"worker": self.worker, "mail": self.office}
        return servers | ({"Redis": self.redis} if self.redis else {})


class Reader:
    """Registers people, one after another, over one connection."""

    def __init__(self, bind: str) -> None:
        self.connection, self.cookie = connect(bind), ""
        page = self._ask("GET", "/auth/register").read().decode()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        self.token = token[1] if token else ""

    def register(self, number: int) -> str:
        """Register a person; return what went wrong, or nothing."""
        fields = {"email": address(number), "username": f"person{number}"}
        passwords = {"password": PASSWORD, "password2": PASSWORD}
        body = urlencode({"csrf_token": self.token} | fields | passwords)
        try:
            answer = self._ask("POST", "/auth/register", body)
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            return f"{type(error).__name__}: {error}"
        went_on = (answer.getheader("Location") or "").endswith("/auth/unconfirmed")
        return "" if went_on else f"status {answer.status}"

    def _ask(self, method: str, path: str, body: str | None = None) -> http.client.HTTPResponse:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Host": "127.0.0.1"}
        if method == "POST":
            headers["Cookie"] = self.cookie
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        if method == "GET":
            self.cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
        return answer


def address(number: int) -> str:
    """Return the address of a person."""
    return f"person{number}@example.com"


def show(letters: int, seconds: float, queue: str, seed: int = 7) -> Report:
    """Register people for `seconds` while parts are killed; return what came of it."""
    report = Report(queue, letters)
    with ExitStack() as stack:
        site = Site(stack, queue)
        with killing(site, report, random.Random(seed)):  # noqa: S311 - no secret
            register_all(site, report, seconds)
        began = time.monotonic()
        report.waiting = wait_for_outbox(site)
        report.draining = time.monotonic() - began
        for recipient, name in site.office.taken():
            report.arrived[recipient] += 1
            report.names.setdefault(recipient, set()).add(name)
    return report


def register_all(site: Site, report: Report, seconds: float) -> None:
    """Register everybody, evenly over `seconds` or as quickly as the site answers."""
    numbers = iter(range(report.letters))
    lock = threading.Lock()

    def work() -> None:
        reader = Reader(site.web.bind)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return reader.connection.close()
            time.sleep(max(0.0, start + seconds * number / report.letters - time.monotonic()))
            began = time.monotonic()
            problem = reader.register(number)
            with lock:
                report.slowest = max(report.slowest, time.monotonic() - began)
                report.failed += [f"{address(number)}: {problem}"] if problem else []

    start = time.monotonic()
    with ThreadPoolExecutor(READERS) as pool:
        for done in [pool.submit(work) for _ in range(READERS)]:
            done.result()
    report.registering = time.monotonic() - start


@contextmanager
def killing(site: Site, report: Report, chance: random.Random) -> Iterator[None]:
    """Kill one part after another meanwhile; leave with all of them running."""
    over = threading.Event()

    def work() -> None:
        for name, server in cycle(site.victims().items()):
            if over.wait(chance.uniform(*BETWEEN)):
                return
            server.stop(signal.SIGKILL)
            report.kills[name] += 1
            over.wait(chance.uniform(*DOWN))
            server.start()

    with ThreadPoolExecutor(1) as pool:
        killer = pool.submit(work)
        try:
            yield
        finally:
            over.set()
            killer.result()


def wait_for_outbox(site: Site) -> int:
    """Return when no letter waits, or when it takes too long; tell how many still do.

    Until a delivery is noted, it may be repeated. So nothing is counted before that.
    """
    give_up = time.monotonic() + DRAIN
    while (waiting := site.waiting()) and time.monotonic() < give_up:
        time.sleep(0.2)
    return waiting


def main() -> None:
    """Run the show, and say what happened."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--letters", type=int, default=1000)
    words.add_argument("--seconds", type=float, default=40)
    words.add_argument("--queue", choices=["redis", "sqlite"], default="redis")
    chosen = words.parse_args()
    report = show(chosen.letters, chosen.seconds, chosen.queue)
    sys.stdout.write(f"{report}\n")
    if report.lost or report.failed:
        sys.stdout.write("\n".join(report.failed[:10]) + "\n")
        raise SystemExit(1)


if __name__ == "__main__":
    main()
