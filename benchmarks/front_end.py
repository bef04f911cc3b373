"""Measure what a visitor's first page loads, and when it shows something, on slow 3G.

    .venv/bin/python -m benchmarks.front_end

Chromium opens pages of the site with an empty cache, through nginx with the files of deploy/nginx
(TLS and HTTP/2). The network is emulated: 400 ms for each round trip, 400 kbit/s. The result is a
Markdown table.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

from tests.support.databases import new_sqlite_url
from tests.support.nginx import HOST, Nginx
from tests.support.page_load import load_page
from tests.support.servers import Gunicorn, deploy, flask, production

PAGES = ("/", "/auth/login", "/user/maya")


@contextmanager
def demo_site() -> Iterator[Nginx]:
    """Start a production site with demo data."""
    with ExitStack() as stack:
        nginx = stack.enter_context(Nginx())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="front-end")))
        environment = production(
            nginx.url,
            new_sqlite_url(folder),
            ALLOW_DEMO_DATA=1,
            STATIC_ROOT=nginx.static,
            TRUSTED_PROXY_COUNT=1,
        )
        deploy(environment)
        flask(environment, "demo", "seed")
        flask(environment, "static", "collect")
        stack.enter_context(Gunicorn(environment, "--workers", "2", bind=f"unix:{nginx.socket}"))
        yield nginx


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium; requests to any other host fail."""
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if path is None:
        sys.exit("Chromium is not installed: sudo apt install chromium-headless-shell")
    rules = f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-quic", rules]
        )
        yield browser
        browser.close()


def main() -> None:
    """Print a table of the pages, and one of the files of the first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="loads of each page (default: 5)")
    runs = parser.parse_args().runs
    with demo_site() as site, chromium() as browser:
        load_page(browser, site.url)  # starts what Chromium starts once
        loads = {
            path: [load_page(browser, site.url + path, slow=True) for _ in range(runs)]
            for path in PAGES
        }
    print("| page | requests | render-blocking | KB | first contentful paint, s |")
    print("|---|---:|---:|---:|---:|")
    for path, repeated in loads.items():
        files = repeated[0].files
        paints = [load.first_paint / 1000 for load in repeated]
        cells = (
            *(path, len(files), sum(file.is_blocking for file in files)),
            f"{repeated[0].size / 1000:.0f}",
            f"{statistics.median(paints):.1f} ({min(paints):.1f}–{max(paints):.1f})",
        )
        print(f"| {' | '.join(map(str, cells))} |")
    print("\n| file | KB | encoding |\n|---|---:|---|")
    for file in loads[PAGES[0]][0].files:
        print(f"| {urlsplit(file.url).path} | {file.size / 1000:.1f} | {file.encoding} |")


if __name__ == "__main__":
    main()
