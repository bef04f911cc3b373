"""Measure what each middleware and each hook adds to a request, in this process, on SQLite.

    python -m benchmarks.hooks

The result is a Markdown table of CPU time per request: the median of 200 requests. A hook
that loads the user includes the query.
"""

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import create_environ

from app import db
from app.logs.access_log import AccessLogMiddleware
from app.metrics.views import track_in_flight
from app.models import Role, User
from app.security.headers import add_headers
from app.security.proxies import clean_forwarded, normalize_host
from app.static_files.middleware import CollectedFiles
from tests.support.app_factory import make_app
from tests.support.databases import new_sqlite_url
from tests.support.factories import PASSWORD
from tests.support.http_client import SiteClient

REQUESTS = 200
EMAIL = "ann@example.com"
AGENT = "benchmarks"  # Flask-Login binds sessions to it

Seconds = dict[str, list[float]]


def create_site(folder: Path) -> Flask:
    """Create the application with a user."""
    app = make_app(SQLALCHEMY_DATABASE_URI=new_sqlite_url(folder), LOG_LEVEL="WARNING")
    with app.app_context():
        upgrade()
        Role.insert_roles()
        db.session.add(User(email=EMAIL, username="ann", password=PASSWORD, confirmed=True))
        db.session.commit()
    return app


def time_hooks(app: Flask, seconds: Seconds) -> None:
    """Let every hook of `app` add its time to `seconds`."""
    groups: list[tuple[str, dict[Any, list[Any]]]] = [
        ("before", app.before_request_funcs),
        ("after", app.after_request_funcs),
        ("teardown", app.teardown_request_funcs),
        ("teardown", {None: app.teardown_appcontext_funcs}),
    ]
    for kind, functions in groups:
        for hooks in functions.values():
            hooks[:] = [timed(f"{name_of(hook)} | {kind}", hook, seconds) for hook in hooks]


def timed(name: str, function: Callable[..., Any], seconds: Seconds) -> Callable[..., Any]:
    """Return `function`, which adds its time to `seconds[name]`."""

    def call(*arguments: Any) -> Any:
        started = time.thread_time()
        try:
            return function(*arguments)
        finally:
            seconds[name].append(time.thread_time() - started)

    return call


def name_of(function: Any) -> str:
    """Return the module and the name of a hook."""
    function = getattr(function, "func", function)  # of functools.partial
    return f"`{function.__module__}.{function.__name__.lstrip('_')}`"


def send(app: Flask, environ: dict[str, Any]) -> None:
    """Send REQUESTS requests."""
    for _ in range(REQUESTS):
        call(app.wsgi_app, environ)


def call(wsgi_app: Any, environ: dict[str, Any]) -> None:
    """Send a request to `wsgi_app`."""
    response = wsgi_app(dict(environ), lambda *_arguments: None)
    b"".join(response)
    getattr(response, "close", lambda: None)()


def time_middleware(app: Flask, seconds: Seconds) -> None:
    """Add what each middleware takes around an application that does nothing."""

    def nothing(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", "2")])
        return [b"ok"]

    collected = CollectedFiles(app)
    collected.application = nothing
    layers: dict[str, Any] = {
        "access log and request ID": AccessLogMiddleware(nothing, app),
        "security headers": add_headers(nothing, app.config),
        "requests in flight": track_in_flight(nothing),
        "collected static files": collected,
        "proxies": clean_forwarded(ProxyFix(nothing)),
        "hosts": normalize_host(nothing, ["localhost"]),
    }
    environ = create_environ("/", headers={"User-Agent": AGENT})
    for name, layer in layers.items():
        for _ in range(REQUESTS):
            started = time.thread_time()
            call(nothing, environ)
            between = time.thread_time()
            call(layer, environ)
            seconds[f"{name} | middleware"].append(time.thread_time() - between * 2 + started)


def main() -> None:
    """Print the table."""
    seconds: Seconds = defaultdict(list)
    medians = []
    with tempfile.TemporaryDirectory() as folder:
        app = create_site(Path(folder))
        client = SiteClient(app, **{"User-Agent": AGENT})
        client.submit("/auth/login", {"email": EMAIL, "password": PASSWORD})
        cookie = client.client.get_cookie("session")
        cookies = {"Cookie": f"session={cookie.value}"} if cookie else {}
        time_hooks(app, seconds)
        for headers in ({}, cookies):
            seconds.clear()
            time_middleware(app, seconds)
            send(app, create_environ("/", headers={"User-Agent": AGENT, **headers}))
            medians.append({name: statistics.median(each) for name, each in seconds.items()})
    print("| what | when | anonymous, µs | logged in, µs |\n|---|---|---:|---:|")
    for name in medians[0]:
        print(f"| {name} | {' | '.join(f'{one[name] * 1e6:.0f}' for one in medians)} |")


if __name__ == "__main__":
    main()
