"""HTTPS: redirect plain HTTP, reject forms sent over it, and set HSTS."""

import re
import string
from urllib.parse import quote, urlsplit
from wsgiref.util import request_uri

from flask import Flask, Response, current_app, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden, SecurityError

from ..api_requests import is_api_request
from .trusted_clients import PROBES

ORIGIN = re.compile(r"^[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)
ONE_DAY = 24 * 3600


class InsecureRequest(Forbidden):
    """Data was sent over plain HTTP.

    403, because the request is well-formed (not 400) and sending it again does not help; 426
    would offer to upgrade the same connection to TLS, which no server supports.
    """


def init_app(app: Flask) -> None:
    """Redirect to HTTPS if SSL_REDIRECT is set, and set HSTS if HSTS_SECONDS is."""
    if app.config["SSL_REDIRECT"]:
        app.before_request(redirect_to_https)
    if app.config["HSTS_SECONDS"] and app.config["SITE_URL"].startswith("https:"):
        app.after_request(set_hsts)


def redirect_to_https() -> ResponseReturnValue | None:
    """Redirect safe requests; reject those that sent data, which may have been intercepted.

    This must run before CSRF protection: browsers do not send secure cookies over plain HTTP, so
    the form would be reported as expired.
    """
    unknown_host = isinstance(request.routing_exception, SecurityError)  # is answered with 400
    if request.is_secure or request.endpoint in PROBES or unknown_host:
        return None
    # An API client would follow the redirect, and send its token unencrypted each time.
    if request.method not in {"GET", "HEAD", "OPTIONS"} or is_api_request():
        raise InsecureRequest
    response = redirect(_secure_url(), 301)
    # A shared cache that ignores the scheme would cause a redirect loop. Browsers keep it for a
    # day, not forever: HSTS is the lasting way.
    response.cache_control.private = True
    response.cache_control.max_age = ONE_DAY
    return response


def set_hsts(response: Response) -> Response:
    """Set Strict-Transport-Security over HTTPS only (RFC 6797, 7.2), without subdomains."""
    if request.is_secure:
        value = f"max-age={current_app.config['HSTS_SECONDS']}"
        response.headers.setdefault("Strict-Transport-Security", value)
    return response


def _secure_url() -> str:
    """Return the URL of the request below SITE_URL, with path and query unchanged.

    The host of the request may have another port, or be an alias. The request target may be an
    absolute URL.
    """
    environ = request.environ
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or request_uri(environ)
    path = quote(ORIGIN.sub("", raw).encode("latin-1"), safe=string.punctuation)
    site_url = current_app.config["SITE_URL"]
    path = re.sub(rf"^{re.escape(urlsplit(site_url).path)}(?=[/?]|$)", "", path)
    return f"{site_url}/{path.removeprefix('/')}"
