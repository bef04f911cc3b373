"""/metrics, for Prometheus: what all processes of this machine have counted, and the outbox.

What the site says of itself here is nobody's business but its operators': strangers get 403. It
is not a 404, since the address is no secret (everybody's metrics are at /metrics), while an
operator who has forgotten the token would look for the mistake in the wrong place.
"""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import (
    Flask,
    Response,
    current_app,
    got_request_exception,
    make_response,
    request,
    request_started,
)
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest

from . import connections, meters
from .meter_files import Folder
from .security import is_trusted_caller
from .site_meters import SiteCollector

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ENDPOINT = "flasky.endpoint"
METHODS = frozenset(
    ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
)
REFUSAL = (
    "The metrics are for those who run this site. Send “Authorization: Bearer …” with "
    "FLASKY_MONITOR_TOKEN, or ask from this machine, past the proxy.\n"
)


def init_app(app: Flask) -> None:
    """Answer Prometheus, and count requests."""
    app.wsgi_app = RequestMeter(app.wsgi_app)  # type: ignore[method-assign]  # as Flask advises
    request_started.connect(note_endpoint, app)
    got_request_exception.connect(count_exception, app)
    connections.init_app(app)
    app.extensions["site_meters"] = SiteCollector(app)
    app.add_url_rule("/metrics", "metrics", metrics, provide_automatic_options=False)
    app.before_request(answer_prometheus)


class RequestMeter:
    """Counts what `site` answers: outside of it, so that no error is left out.

    The time ends when the answer is ready. Sending it is the server's work, and takes as long as
    the reader's connection wants.
    """

    def __init__(self, site: "WSGIApplication") -> None:
        self.site = site

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        status = "500"  # unless we hear otherwise

        def note_status(line: str, *rest: Any) -> Any:
            nonlocal status
            status = line[:3]
            return start_response(line, *rest)

        began = time.perf_counter()
        meters.IN_FLIGHT.inc()
        try:
            return self.site(environ, note_status)
        finally:
            meters.IN_FLIGHT.dec()
            count_request(environ, status, time.perf_counter() - began)


def count_request(environ: "WSGIEnvironment", status: str, seconds: float) -> None:
    """Count a request under names that we know, whatever strangers asked for."""
    method = environ["REQUEST_METHOD"]
    method = method if method in METHODS else "OTHER"
    endpoint = environ.get(ENDPOINT) or "none"
    meters.REQUESTS.labels(method, endpoint, status).inc()
    meters.REQUEST_SECONDS.labels(method, endpoint).observe(seconds)


def note_endpoint(_app: Flask, **_more: object) -> None:
    """Note which address was asked for, before anything can refuse the request."""
    request.environ[ENDPOINT] = request.endpoint


def count_exception(_app: Flask, exception: BaseException) -> None:
    """Count an error that nothing has caught."""
    meters.count_exception(exception, request.endpoint)


def answer_prometheus() -> ResponseReturnValue | None:
    """Answer at once: nothing that comes later has to look at this."""
    return current_app.dispatch_request() if request.endpoint == "metrics" else None


def metrics() -> ResponseReturnValue:
    """Show everything that is counted, in the form that Prometheus reads."""
    if is_trusted_caller():
        response = make_response(exposition(current_app))
        response.content_type = CONTENT_TYPE_PLAIN_0_0_4
    else:
        response = Response(REFUSAL, 403, content_type="text/plain; charset=utf-8")
    response.cache_control.no_store = True
    return response


def exposition(app: Flask) -> bytes:
    """Return what all processes have counted, and what the database says."""
    shown = CollectorRegistry()
    shown.register(Folder(Path(meters.FOLDER)) if meters.FOLDER else meters.registry)
    shown.register(app.extensions["site_meters"])
    return generate_latest(shown)
