"""Measure what readers suffer from slow queries and logins, behind nginx and without it.

    python -m benchmarks.serving [--rounds 5] [--seconds 2] [--only PART-OF-A-NAME]

PostgreSQL, gunicorn with two workers of four threads, the nginx of deploy/nginx/ with TLS, `wrk`
with 32 connections. What is compared runs in turn, so that a busy machine slows both. The results
are lines of a Markdown table: medians, and the range of the ratios.
"""

import argparse
import statistics
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from types import MappingProxyType
from typing import NamedTuple

from benchmarks import wrk
from tests.support.databases import EphemeralPostgres
from tests.support.factories import PASSWORD
from tests.support.mailbox import free_port
from tests.support.nginx import Nginx
from tests.support.raw_browser import RawBrowser
from tests.support.servers import Gunicorn, deploy, fetch, flask, production
from tests.support.traffic import Traffic

EMAIL = "ann@example.com"
POSTS = 20
LOGINS = 32  # concurrent
SLOW_QUERY = "/slow-query/2.0"
SLOW_CLIENTS = (4, 16)  # half of the threads, and twice as many as there are
HEADER = """\
| what | compared with | × requests/s | p99, ms | p99 of the other, ms | × p99 |
|---|---|---:|---:|---:|---:|"""


class Site(NamedTuple):
    """The site, also on a port, a minimal Flask application, and nginx in front of the site."""

    gunicorn: Gunicorn
    port: int
    minimal: Gunicorn
    nginx: Nginx


During = Callable[[], AbstractContextManager[object]]


class Comparison(NamedTuple):
    """Two URLs: what is measured while `during` runs, and what it is compared with."""

    name: str
    compared_with: str
    url: str
    reference: str
    during: During = nullcontext
    headers: Mapping[str, str] = MappingProxyType({})


@contextmanager
def running() -> Iterator[Site]:
    """Start everything."""
    with ExitStack() as stack:
        postgres = stack.enter_context(EphemeralPostgres())
        nginx = stack.enter_context(Nginx())
        names = ("RATELIMIT_LOGIN", "RATELIMIT_ACCOUNT", "RATELIMIT_CHANGE")
        limits = dict.fromkeys(names, wrk.UNLIMITED)
        settings = {"TRUSTED_PROXY_COUNT": 1, "LOG_LEVEL": "WARNING", **limits}
        environment = production(nginx.url, postgres.new_database(), **settings)
        deploy(environment)
        flask(environment, "users", "create", EMAIL, "ann", "--password", PASSWORD)
        port = free_port()
        options = (*wrk.WORKERS, "--bind", f"127.0.0.1:{port}")
        bind, name = f"unix:{nginx.socket}", "benchmarks.slow_query_site:app"
        gunicorn = stack.enter_context(Gunicorn(environment, *options, bind=bind, site=name))
        minimal = Gunicorn(environment, *wrk.WORKERS, site="benchmarks.minimal:app")
        site = Site(gunicorn, port, stack.enter_context(minimal), nginx)
        author = RawBrowser(nginx.url, nginx.connect).log_in(EMAIL, PASSWORD)
        for number in range(POSTS):
            author.submit("/", body=f"Post {number} " + "word " * 100)
        (nginx.static / "static").mkdir(parents=True, exist_ok=True)
        (nginx.static / "static/page.html").write_bytes(fetch(nginx.connect()).body)
        yield site


class Logins:
    """Clients that log in repeatedly; `statuses` counts the responses."""

    def __init__(self, site: Site) -> None:
        self.statuses: Counter[int] = Counter()
        self.stopped = threading.Event()
        self.browsers = [RawBrowser(site.nginx.url, site.nginx.connect) for _ in range(LOGINS)]
        self.tokens = [browser.csrf_token("/auth/login") for browser in self.browsers]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Log in until the block ends."""
        self.stopped.clear()
        clients = zip(self.browsers, self.tokens, strict=True)
        threads = [threading.Thread(target=self._log_in, args=client) for client in clients]
        for thread in threads:
            thread.start()
        yield
        self.stopped.set()
        for thread in threads:
            thread.join()

    def _log_in(self, browser: RawBrowser, token: str) -> None:
        cookies = browser.cookies
        while not self.stopped.is_set():
            browser.cookies = dict(cookies)  # as a new visitor
            response = browser.post("/auth/login", token, email=EMAIL, password=PASSWORD)
            self.statuses[response.status] += 1


def comparisons(site: Site, logins: Logins) -> Iterator[Comparison]:
    """Yield what is compared."""
    page, file = f"{site.nginx.url}/?page", f"{site.nginx.url}/static/page.html"
    yield Comparison("front page, cached by nginx", "a file", page, file)
    for clients in SLOW_CLIENTS:
        name = f"the same, {clients} clients wait for slow queries"
        yield Comparison(name, "a file", page, file, slow_queries(site, clients))
    name = f"front page, not cached, {LOGINS} clients log in"
    yield Comparison(name, "nobody logs in", page, page, logins.running, {"Cookie": "cached=no"})
    health, minimal = f"http://127.0.0.1:{site.port}/healthz", f"{site.minimal.url}/healthz"
    yield Comparison("`/healthz` without nginx", "Flask", health, minimal)


def slow_queries(site: Site, clients: int) -> During:
    """Return clients that open the page with the slow query."""
    return lambda: Traffic(site.nginx.connect, SLOW_QUERY, clients=clients, keep_alive=True)


def measure(one: Comparison, rounds: int, seconds: int) -> str:
    """Return a line of the table."""
    measured, reference = [], []
    for _ in range(rounds):
        reference.append(wrk.load(one.reference, {**one.headers}, seconds))
        with one.during():
            measured.append(wrk.load(one.url, {**one.headers}, seconds))
    p99, other_p99 = (wrk.median(loads).p99 for loads in (measured, reference))
    times = statistics.median(
        load.p99 / other.p99 for load, other in zip(measured, reference, strict=True)
    )
    figures = (wrk.ratio(measured, reference), f"{p99:.0f}", f"{other_p99:.0f}", f"{times:.1f}")
    cells = (one.name, one.compared_with, *figures)
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each load")
    parser.add_argument("--only", default="", help="a part of the name of what is measured")
    options = parser.parse_args()
    print(HEADER)
    with running() as site:
        logins = Logins(site)
        for one in comparisons(site, logins):
            if options.only in one.name:
                print(measure(one, options.rounds, options.seconds), flush=True)
        print(f"\nLogins: {dict(logins.statuses)}")


if __name__ == "__main__":
    main()
