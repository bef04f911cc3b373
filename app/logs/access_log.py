"""The access log: one entry per request, and the request ID that all its log entries share."""

import json
import logging
import re
import secrets
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from blinker import Signal
from flask import Flask, current_app, has_request_context, request
from werkzeug import Response
from werkzeug.wsgi import get_path_info

from ..api_requests import API_PREFIX, problem_document
from ..security.login_manager import loaded_user_id
from ..security.trusted_clients import PROBES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_FIELDS = "flasky.request_fields"  # key in the WSGI environment
VALID_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
ROUTINE_STATUSES = {200, 206, 304}

logger = logging.getLogger("app.requests")
request_logged = Signal()  # with the fields of the access log as `entry`


def init_app(app: Flask) -> None:
    """Log every request of `app`."""
    app.wsgi_app = AccessLogMiddleware(app.wsgi_app, app)  # type: ignore[method-assign]  # as Flask advises
    app.before_request(record_endpoint)  # a response may be streamed within the context
    app.teardown_request(record_fields)
    app.context_processor(
        lambda: {"request_id": current_request_id() if has_request_context() else None}
    )


class AccessLogMiddleware:
    """Logs requests, adds X-Request-ID, and answers 500 if even the error page fails."""

    def __init__(self, wsgi_app: "WSGIApplication", app: Flask) -> None:
        self.wsgi_app = wsgi_app
        self.app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Pass the request on and log it."""
        started = time.perf_counter()
        status = 500  # until a response starts
        fields = fields_of(environ, self.app)

        def start(line: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            nonlocal status
            status = int(line[:3])
            return start_response(
                line, [*headers, ("X-Request-ID", fields["request_id"])], *exc_info
            )

        try:
            return self.wsgi_app(environ, start)
        except Exception:
            if propagates_exceptions(self.app):
                raise
            logger.exception("The error page could not be rendered.", extra=fields)
            # With exc_info, it replaces a response that started.
            return fallback_500(fields)(environ, lambda *args: start(*args, sys.exc_info()))
        finally:
            duration = round((time.perf_counter() - started) * 1000, 1)
            entry = {**fields, "status": status, "duration_ms": duration}
            log_request(entry, self.app.config["SLOW_REQUEST_TIME"])
            request_logged.send(self.app, entry=entry)


def fields_of(environ: "WSGIEnvironment", app: Flask) -> dict[str, Any]:
    """Return the fields that all log entries of the request have; they are stored in `environ`."""
    if REQUEST_FIELDS not in environ:
        received = str(environ.get("HTTP_X_REQUEST_ID", ""))
        is_trusted = app.config["TRUSTED_PROXY_COUNT"] and VALID_REQUEST_ID.fullmatch(received)
        environ[REQUEST_FIELDS] = {
            "request_id": received if is_trusted else secrets.token_hex(16),
            "method": environ["REQUEST_METHOD"],
            "path": get_path_info(environ),
            "remote_addr": environ.get("REMOTE_ADDR"),
            "endpoint": None,
            "user_id": None,
        }
    fields: dict[str, Any] = environ[REQUEST_FIELDS]
    return fields


def propagates_exceptions(app: Flask) -> bool:
    """Return True if exceptions are passed to a debugger or a test, by Flask's own rule."""
    propagate: bool | None = app.config["PROPAGATE_EXCEPTIONS"]
    return app.testing or app.debug if propagate is None else propagate


def fallback_500(fields: dict[str, Any]) -> Response:
    """Return a plain 500 response with the request ID; use neither templates nor translations."""
    text = f"Internal server error. Request ID: {fields['request_id']}\n"
    content_type = "text/plain; charset=utf-8"
    if fields["path"].startswith(f"{API_PREFIX}/"):
        text = json.dumps(problem_document(500, None, fields["request_id"]))
        content_type = "application/problem+json"
    return Response(text, 500, {"Cache-Control": "no-store"}, content_type=content_type)


def log_request(entry: dict[str, Any], limit: float) -> None:
    """Log a request: slow ones as warnings, successful health checks and static files as debug.

    A request is slow if it took at least `limit` seconds, and `limit` is not 0.
    """
    endpoint = entry["endpoint"] or ""
    is_routine = endpoint in PROBES or endpoint.split(".")[-1] == "static"
    level = logging.INFO
    if limit and entry["duration_ms"] >= limit * 1000:
        level = logging.WARNING
    elif is_routine and entry["status"] in ROUTINE_STATUSES:
        level = logging.DEBUG
    values = (entry["method"], entry["path"], entry["status"], entry["duration_ms"])
    logger.log(level, "%s %s %s %.0f ms", *values, extra=entry)


def record_endpoint() -> None:
    """Add the endpoint to the access log entry."""
    fields_of(request.environ, current_app)["endpoint"] = request.endpoint


def record_fields(_error: BaseException | None = None) -> None:
    """Add the endpoint and the user to the access log entry, while the request context exists."""
    current_fields()


def current_fields() -> dict[str, Any]:
    """Return the fields of the current request, with what is known by now."""
    fields = fields_of(request.environ, current_app)
    fields |= {"endpoint": request.endpoint, "user_id": loaded_user_id()}
    return fields


def current_request_id() -> str:
    """Return the ID of the current request."""
    return str(current_fields()["request_id"])


def add_request_context(record: logging.LogRecord) -> bool:
    """Add the current request to a log record. This is a logging filter."""
    if has_request_context() and not hasattr(record, "request_id"):
        vars(record).update(current_fields())
    return True
