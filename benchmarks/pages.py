"""Measure what pages cost, compared with the least that they could cost, and as the site grows.

    make bench            half an hour: 10,000, 200,000 and 2,000,000 posts
    make bench QUICK=1    three minutes: 10,000 posts

The site and `benchmarks.bare` run under the same gunicorn, on the same PostgreSQL database. `wrk`
loads them in turn with 32 connections, so that a busy machine slows both. The result is a Markdown
table.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus
from typing import Any, NamedTuple

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine

from benchmarks.seed import FEEDS, seed
from tests.support.app_factory import make_app
from tests.support.databases import EphemeralPostgres
from tests.support.raw_browser import RawBrowser
from tests.support.servers import SECRET_KEY, Gunicorn, deploy, production

SIZES = (10_000, 200_000, 2_000_000)
PASSWORD = "a password of the readers"  # noqa: S105 - of a database that is deleted
WORKERS = ("--workers", "2", "--threads", "4")
UNLIMITED = "1000000 per minute"  # all clients have one IP address


class Page(NamedTuple):
    """A page, and the reader who is logged in."""

    name: str
    path: str
    reader: str | None = None


def pages(posts: int) -> list[Page]:
    """Return the pages to measure on a site with so many posts."""
    feeds = [Page(f"feed, {name.replace('_', ' ')}", "/followed", name) for name in FEEDS]
    return [
        Page("home, anonymous", "/"),
        Page("home, logged in", "/", "follows50"),
        *feeds,
        Page("a post with 45 comments", f"/post/{posts}"),
        Page("a profile", "/user/user8"),
        Page("a list of the API", "/api/v1/posts/"),
        Page("health check", "/healthz"),
    ]


def record(database: str, requests: list[tuple[Page, dict[str, str]]]) -> dict[str, Any]:
    """Return the statements, length and type of each page, for `benchmarks.bare`."""
    statements: list[tuple[str, Any]] = []

    def collect(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_rest: Any) -> None:
        statements.append((sql, {key: str(value) for key, value in parameters.items()}))

    event.listen(Engine, "before_cursor_execute", collect)
    app = make_app(SQLALCHEMY_DATABASE_URI=database, SECRET_KEY=SECRET_KEY)
    client, recorded = app.test_client(use_cookies=False), {}
    for page, headers in requests:
        client.get(page.path, headers=headers)  # updates `last_seen`
        statements.clear()
        response = client.get(page.path, headers=headers)
        if response.status_code != HTTPStatus.OK:
            sys.exit(f"{page.path}: {response.text}")
        rows = 20 if statements else 0
        recorded[f"/{page.name.replace(' ', '-')}"] = {
            "statements": list(statements),
            "length": len(response.data),
            "padding": "x" * max((len(response.data) - 9_000) // (rows or 1) - 700, 0),
            "type": response.mimetype,
        }
    event.remove(Engine, "before_cursor_execute", collect)
    return recorded


class Load(NamedTuple):
    """What wrk measured: requests per second, and the 99th percentile in milliseconds."""

    rate: float
    p99: float


def wrk(url: str, headers: dict[str, str], seconds: int, *options: str) -> Load:
    """Load `url` for some seconds with 32 connections; fail unless all responses are 2xx."""
    options = (*options, *(f"-H{name}: {value}" for name, value in headers.items()))
    command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "--latency", *options, url]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - of this module
    if "Non-2xx" in output:
        sys.exit(output)
    [p99, unit] = re.findall(r"99%\s+([\d.]+)(us|ms|s)", output)[0]
    [rate] = re.findall(r"Requests/sec:\s+([\d.]+)", output)
    return Load(float(rate), float(p99) * {"us": 0.001, "ms": 1, "s": 1000}[unit])


class Result(NamedTuple):
    """The measurement of a page: a line of the table."""

    page: str
    statements: int
    length: int
    ratio: str
    rate: float
    p99: float


def measure(posts: int, seconds: int, rounds: int) -> Iterator[Result]:
    """Yield the results on a new site with so many posts."""
    with ExitStack() as stack:
        postgres = stack.enter_context(EphemeralPostgres())
        driver_url = postgres.new_database()
        limits = dict.fromkeys(("RATELIMIT_API", "RATELIMIT_LOGIN"), UNLIMITED)
        environment = production("http://127.0.0.1", driver_url, **limits, LOG_LEVEL="WARNING")
        deploy(environment)
        engine = create_engine(driver_url)
        with engine.connect() as connection:
            seed(connection, posts, PASSWORD)
        site = stack.enter_context(Gunicorn(environment, *WORKERS))
        requests = [(page, cookies(site, page.reader)) for page in pages(posts)]
        recorded = record(driver_url, requests)
        spec = site.folder / "bare.json"
        spec.write_text(json.dumps(recorded))
        bare = stack.enter_context(
            Bare({**environment, "BARE_PAGES": str(spec), "DATABASE_URL": driver_url}, *WORKERS)
        )
        for (page, headers), (path, one) in zip(requests, recorded.items(), strict=True):
            loads, ratios = [], []
            for _ in range(rounds):
                loads.append(wrk(f"{site.url}{page.path}", headers, seconds))
                ratios.append(loads[-1].rate / wrk(f"{bare.url}{path}", {}, seconds).rate)
            ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
            rate = statistics.median(load.rate for load in loads)
            p99 = statistics.median(load.p99 for load in loads)
            yield Result(page.name, len(one["statements"]), one["length"], ratio, rate, p99)
        engine.dispose()


class Bare(Gunicorn):
    """`benchmarks.bare`, without the site's gunicorn.conf.py."""

    def __init__(
        self, environment: dict[str, str], *arguments: str, site: str = "benchmarks.bare:app"
    ) -> None:
        options = ("-c", "/dev/null", "--worker-class", "gthread", "--keep-alive", "90")
        super().__init__(environment, *options, *arguments, site=site)


def cookies(site: Gunicorn, reader: str | None) -> dict[str, str]:
    """Log in, and return the header with the cookies."""
    if reader is None:
        return {}
    browser = RawBrowser(site.url, site.connect).log_in(f"{reader}@example.com", PASSWORD)
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}


def main() -> None:
    """Print a table for each size of the site."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 posts, three rounds")
    quick = parser.parse_args().quick
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: sudo apt install wrk")
    for posts in SIZES[:1] if quick else SIZES:
        print(f"\n{posts:,} posts\n")
        print("| page | statements | KB | × bare | requests/s | p99, ms |")
        print("|---|---:|---:|---:|---:|---:|")
        for result in measure(posts, seconds=1 if quick else 3, rounds=3 if quick else 5):
            cells = (
                *(result.page, result.statements, f"{result.length / 1000:.0f}", result.ratio),
                *(f"{result.rate:.0f}", f"{result.p99:.0f}"),
            )
            print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main()
