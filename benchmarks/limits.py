"""The front page beside what nothing can be faster than, and how long a process takes to start."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks import wrk
from benchmarks.processes import Bare, cpu_time
from tests.support.nginx import Nginx
from tests.support.servers import Gunicorn, fetch

FRONT = "home,-anonymous"
FILE = "static/front.0123456789ab.html"  # nginx serves it as a static file of the site
ROUNDS = 3
BARE = "import flask, sqlalchemy, sqlalchemy.orm"
SITE = "from app import create_app; create_app('testing')"


def front_page(
    environment: dict[str, str], site: Gunicorn, bare: Bare, seconds: int
) -> Iterator[list[object]]:
    """Yield a line for each way to serve the front page, by gunicorn and through nginx."""
    with ExitStack() as stack:
        nginx = stack.enter_context(Nginx())
        file = nginx.static / FILE
        file.parent.mkdir(parents=True)
        file.write_bytes(fetch(site.connect()).body)
        behind = {
            "SITE_URL": nginx.url,
            "TRUSTED_PROXY_COUNT": "1",
            "STATIC_ROOT": str(nginx.static),
        }
        bind = f"unix:{nginx.socket}"
        stack.enter_context(Gunicorn({**environment, **behind}, *wrk.WORKERS, bind=bind))
        targets = {
            "Flask, SQLAlchemy Core and Jinja (bare)": f"{bare.url}/{FRONT}",
            "Flask and Jinja, rows in memory": f"{bare.url}/memory/{FRONT}",
            "Flask, bytes in memory": f"{bare.url}/bytes/{FRONT}",
            "the site": f"{site.url}/",
            "the site behind nginx, with TLS": f"{nginx.url}/",
            "nginx, a file of that size, with TLS": f"{nginx.url}/{FILE}",
        }
        loads: dict[str, list[wrk.Load]] = {name: [] for name in targets}
        for _ in range(ROUNDS):
            for name, url in targets.items():
                loads[name].append(wrk.load(url, {}, seconds))
    for name, rounds in loads.items():
        load, first = wrk.median(rounds), next(iter(loads.values()))
        ratio = wrk.ratio(rounds, first)
        yield [name, ratio, f"{load.rate:.0f}", f"{load.p50:.1f}", f"{load.p99:.1f}"]


def start_times() -> Iterator[list[object]]:
    """Yield the CPU time to import what every such application imports, and to create ours."""
    environment = {"PATH": os.environ["PATH"]}
    bare, site = cpu_time(BARE, environment), cpu_time(SITE, environment)
    yield ["import of Flask and SQLAlchemy", f"{bare:.2f}"]
    yield ["`create_app()`", f"{site:.2f} (× {site / bare:.1f})"]
