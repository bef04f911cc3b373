"""One line of the log for each request, and the number that its lines have in common."""

import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask, g, has_request_context, request
from sqlalchemy import inspect
from werkzeug.wsgi import get_path_info

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

VISIT = "flasky.visit"
SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

# What asks every few seconds, and what every page brings along, is worth a line if it fails.
PROBES = {"healthz", "readyz", "metrics"}
GOOD = {200, 206, 304}

logger = logging.getLogger("app.requests")


def init_app(app: Flask) -> None:
    """Number each request, and write its line when it has been answered."""
    app.wsgi_app = VisitLog(app.wsgi_app, app)  # type: ignore[method-assign]  # as Flask advises
    app.before_request(number_the_request)
    app.teardown_request(note_the_reader)
    app.context_processor(lambda: {"request_id": current_id() if has_request_context() else None})


@dataclass
class Visit:
    """What is known of a request; until it has an answer it counts as broken."""

    request_id: str
    method: str
    path: str
    remote_addr: str | None
    endpoint: str | None = None
    user_id: int | None = None
    status: int = 500
    duration_ms: float = 0


class VisitLog:
    """Lies around everything that Flask does, so that it sees what no error page could tell."""

    def __init__(self, wsgi_app: "WSGIApplication", app: Flask) -> None:
        self.wsgi_app = wsgi_app
        self.app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer the request, with its number in the header X-Request-ID."""
        started = time.perf_counter()
        visit = environ[VISIT] = Visit(
            request_id=request_id(environ, self.app.config["FLASKY_PROXIES"]),
            method=environ["REQUEST_METHOD"],
            path=get_path_info(environ),
            remote_addr=environ.get("REMOTE_ADDR"),
        )

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            visit.status = int(status[:3])
            return start_response(status, [*headers, ("X-Request-ID", visit.request_id)], *error)

        try:
            return self.wsgi_app(environ, start)
        except Exception:
            if is_for_developers(self.app):
                raise
            logger.exception("Not even the page for an error could be made.", extra=asdict(visit))
            return last_words(visit, start)
        finally:
            visit.duration_ms = round((time.perf_counter() - started) * 1000, 1)
            write(visit)


def request_id(environ: "WSGIEnvironment", proxies: int) -> str:
    """Return the number that a declared proxy gave to the request, if it is sane, or a new one."""
    given = str(environ.get("HTTP_X_REQUEST_ID", ""))
    return given if proxies and SANE_ID.fullmatch(given) else uuid.uuid4().hex


def is_for_developers(app: Flask) -> bool:
    """Tell whether errors go on to a debugger or a test, as Flask decides it."""
    propagate: bool | None = app.config["PROPAGATE_EXCEPTIONS"]
    return app.testing or app.debug if propagate is None else propagate


def last_words(visit: Visit, start: "StartResponse") -> Iterable[bytes]:
    """Answer without anything that can break: what makes pages, or languages, just has.

    The server would answer by itself, without our headers and the number of the request.
    """
    text = f"Something broke on our side. Request number: {visit.request_id}\n"
    kind = "text/plain; charset=utf-8"
    if visit.path.startswith("/api/"):
        text, kind = json.dumps(problem(visit)), "application/problem+json"
    words = text.encode()
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(words))),
        ("Cache-Control", "no-store"),
    ]
    start("500 INTERNAL SERVER ERROR", headers, sys.exc_info())  # instead of what was begun
    return [] if visit.method == "HEAD" else [words]


def problem(visit: Visit) -> dict[str, Any]:
    """Return what a program is told (see problems.py, which may be what is broken)."""
    return {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "error": "internal server error",
        "detail": "Something broke on our side. The log knows it by the request_id.",
        "reason": None,
        "errors": [],
        "request_id": visit.request_id,
    }


def write(visit: Visit) -> None:
    """Write the line of a request that has been answered."""
    endpoint = visit.endpoint or ""
    is_routine = endpoint in PROBES or endpoint == "static" or endpoint.endswith(".static")
    logger.log(
        logging.DEBUG if is_routine and visit.status in GOOD else logging.INFO,
        "%s %s %s %.0f ms",
        visit.method,
        visit.path,
        visit.status,
        visit.duration_ms,
        extra=asdict(visit),
    )


def number_the_request() -> None:
    """Keep the number where everybody finds it."""
    g.request_id = current_id()


def current_id() -> str:
    """Return the number of the request that is being answered."""
    visit = request.environ.get(VISIT)  # a test may have begun without one
    number: str = visit.request_id if visit else g.setdefault("request_id", uuid.uuid4().hex)
    return number


def note_the_reader(_error: BaseException | None) -> None:
    """Note what only Flask knows, while it does."""
    visit = request.environ.get(VISIT)
    if visit:
        visit.endpoint, visit.user_id = request.endpoint, reader_id()


def tell_the_request(record: logging.LogRecord) -> bool:
    """Add to `record` the request that is being answered meanwhile. This is a logging filter."""
    if has_request_context() and not hasattr(record, "request_id"):
        record.request_id = current_id()
        record.method = request.method
        record.path = request.path
        record.remote_addr = request.remote_addr
        record.endpoint = request.endpoint
        record.user_id = reader_id()
    return True


def reader_id() -> int | None:
    """Return the id of the reader, if the page has asked who that is; ask no database."""
    state = inspect(g.get("_login_user"), raiseerr=False)  # where Flask-Login keeps the reader
    identity = getattr(state, "identity", None)
    return int(identity[0]) if identity else None
