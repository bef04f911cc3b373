"""The endpoint /metrics, and how requests are counted.

Clients that are not trusted get a 403, not a 404: the URL is no secret, and an operator who forgot
the token should see why the scrape fails.
"""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, got_request_exception, request
from flask.typing import ResponseReturnValue
from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)

from ..logs.access_log import request_logged
from ..security.cache_control import no_store
from ..security.trusted_clients import is_trusted_client
from . import definitions, pool
from .collector import SiteCollector
from .multiprocess import MultiprocessCollector

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}
FORBIDDEN = (
    "Metrics are for the operators of this site. Send “Authorization: Bearer …” with "
    "METRICS_TOKEN, or send the request from this machine without a proxy.\n"
)


def init_app(app: Flask) -> None:
    """Register /metrics and start counting."""
    app.wsgi_app = track_in_flight(app.wsgi_app)  # type: ignore[assignment, method-assign]  # as Flask advises
    request_logged.connect(count_request, app)
    got_request_exception.connect(count_exception, app)
    pool.init_app(app)
    app.extensions["site_collector"] = SiteCollector(app)
    app.add_url_rule("/metrics", "metrics", metrics, provide_automatic_options=False)
    app.before_request(dispatch_scrape)


def track_in_flight(wsgi_app: "WSGIApplication") -> "WSGIApplication":
    """Return middleware that counts the requests being processed."""

    def middleware(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        with definitions.HTTP_REQUESTS_IN_FLIGHT.track_inprogress():
            return wsgi_app(environ, start_response)

    return middleware


def count_request(_app: Flask, entry: dict[str, Any]) -> None:
    """Count a request; unknown methods and paths share the label values OTHER and none."""
    method = entry["method"] if entry["method"] in METHODS else "OTHER"
    endpoint = entry["endpoint"] or "none"
    requests, duration = series_of(method, endpoint, entry["status"])
    requests.inc()
    duration.observe(entry["duration_ms"] / 1000)


@cache
def series_of(method: str, endpoint: str, status: int) -> tuple[Counter, Histogram]:
    """Return the time series of a kind of request; looking them up takes longer than counting."""
    return (
        definitions.HTTP_REQUESTS.labels(method, endpoint, status),
        definitions.HTTP_REQUEST_DURATION.labels(method, endpoint),
    )


def count_exception(_app: Flask, exception: BaseException) -> None:
    """Count an unhandled exception."""
    definitions.count_exception(exception, request.endpoint)


def dispatch_scrape() -> ResponseReturnValue | None:
    """Answer /metrics before the other `before_request` functions run."""
    return current_app.dispatch_request() if request.endpoint == "metrics" else None


def metrics() -> ResponseReturnValue:
    """Return the metrics of all processes, and those read from the database, as text."""
    if not is_trusted_client():
        return no_store(Response(FORBIDDEN, 403, content_type="text/plain; charset=utf-8"))
    registry = CollectorRegistry()
    folder = definitions.FOLDER
    registry.register(MultiprocessCollector(folder) if folder else REGISTRY)
    registry.register(current_app.extensions["site_collector"])
    text = generate_latest(registry)
    return no_store(Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4))
