"""Measure what pages cost, compared with the least that they could cost, and as the site grows.

    make bench            a quarter of an hour: 10,000, 200,000 and 2,000,000 posts
    make bench QUICK=1    three minutes: 10,000 posts

The site and `benchmarks.bare` run under the same gunicorn, on the same PostgreSQL database. `wrk`
loads them in turn with 32 connections, so that a busy machine slows both. What the queries of a
page read is counted, which no machine changes. The results are Markdown tables and, unless
`--quick`, docs/performance.svg.
"""

import argparse
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from sqlalchemy import create_engine

from benchmarks import limits, plot, wrk
from benchmarks.processes import Bare, pss
from benchmarks.recording import Page, Recorded, record
from benchmarks.seed import FEEDS, seed
from tests.support.databases import EphemeralPostgres
from tests.support.raw_browser import RawBrowser
from tests.support.servers import ROOT, Gunicorn, deploy, production

SIZES = (10_000, 200_000, 2_000_000)
PASSWORD = "a password of the readers"  # noqa: S105 - of a database that is deleted
PLOT = ROOT / "docs/performance.svg"


def pages(posts: int) -> list[Page]:
    """Return the pages to measure on a site with so many posts."""
    names = {name: re.sub(r"_|(?<!\d)(?=\d)", " ", name) for name in FEEDS}  # follows 50
    feeds = [Page(f"feed, {title}", "/followed", name) for name, title in names.items()]
    return [
        Page("home, anonymous", "/"),
        Page("home, logged in", "/", "follows50"),
        *feeds,
        Page("a post with 45 comments", f"/post/{posts}"),
        Page("a profile", "/user/user8"),
        Page("a list of the API", "/api/v1/posts/"),
        Page("health check", "/healthz"),
    ]


class Site(NamedTuple):
    """The site with so many posts, and `benchmarks.bare` with the same pages and database."""

    environment: dict[str, str]
    gunicorn: Gunicorn
    bare: Bare
    recorded: list[Recorded]


@contextmanager
def started(posts: int) -> Iterator[Site]:
    """Start both on a new database with so many posts."""
    with ExitStack() as stack:
        url = stack.enter_context(EphemeralPostgres()).new_database()
        unlimited = dict.fromkeys(("RATELIMIT_API", "RATELIMIT_LOGIN"), wrk.UNLIMITED)
        environment = production("http://127.0.0.1", url, **unlimited, LOG_LEVEL="WARNING")
        deploy(environment)
        engine = create_engine(url)
        stack.callback(engine.dispose)
        with engine.connect() as connection:
            seed(connection, posts, PASSWORD)
        site = stack.enter_context(Gunicorn(environment, *wrk.WORKERS))
        requests = [(page, cookies(site, page.reader)) for page in pages(posts)]
        recorded = record(url, requests)
        spec = site.folder / "bare.json"
        spec.write_text(json.dumps({one.name: one.bare for one in recorded}))
        bare = Bare({**environment, "BARE_PAGES": str(spec), "DATABASE_URL": url}, *wrk.WORKERS)
        yield Site(environment, site, stack.enter_context(bare), recorded)


def cookies(site: Gunicorn, reader: str | None) -> dict[str, str]:
    """Log in, and return the header with the cookies."""
    if reader is None:
        return {}
    browser = RawBrowser(site.url, site.connect).log_in(f"{reader}@example.com", PASSWORD)
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}


def compare(site: Site, seconds: int, rounds: int) -> Iterator[list[object]]:
    """Yield a line of the table for each page."""
    for one in site.recorded:
        loads, bare = [], []
        bare_path = one.name if one.statements else f"bytes/{one.name}"
        for _ in range(rounds):
            loads.append(wrk.load(site.gunicorn.url + one.page.path, one.headers, seconds))
            bare.append(wrk.load(f"{site.bare.url}/{bare_path}", {}, seconds))
        load = wrk.median(loads)
        yield [
            *(one.page.name, len(one.statements), one.buffers, f"{one.length / 1000:.0f}"),
            *(wrk.ratio(loads, bare), f"{load.rate:.0f}", f"{load.p50:.0f}", f"{load.p99:.0f}"),
        ]


def print_table(title: str, header: str, rows: Iterable[list[object]]) -> None:
    """Print a Markdown table, each line at once; `header` separates columns with `|`."""
    columns = header.split("|")
    print(f"\n{title}\n\n| {' | '.join(columns)} |\n|---{'|---:' * (len(columns) - 1)}|")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)


def main() -> None:
    """Print the tables, and draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 posts, one second each")
    quick = parser.parse_args().quick
    wrk.require_wrk()
    seconds, sizes = (1, SIZES[:1]) if quick else (2, SIZES)
    buffers: dict[str, list[int]] = {}
    for posts in sizes:
        with started(posts) as site:
            for one in site.recorded:
                buffers.setdefault(one.page.name, []).append(one.buffers)
            print_table(
                f"{posts:,} posts",
                "page|statements|buffers|KB|× bare|requests/s|p50, ms|p99, ms",
                compare(site, seconds, rounds=3),
            )
            if posts == sizes[-1]:
                memory: list[list[object]] = [["bare", f"{pss(site.bare):.0f}"]]
                memory.append(["the site", f"{pss(site.gunicorn):.0f}"])
                front = limits.front_page(site.environment, site.gunicorn, site.bare, seconds)
                print_table("Front page", "served by|× bare|requests/s|p50, ms|p99, ms", front)
                print_table("Main process and two workers", "|PSS, MB", memory)
    print_table("Start", "|seconds of CPU time", limits.start_times())
    if not quick:
        PLOT.write_text(plot.draw(sizes, buffers))


if __name__ == "__main__":
    main()
