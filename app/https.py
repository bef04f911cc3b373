"""HTTPS: where plain http is sent, and what browsers are told to remember."""

import re
from urllib.parse import quote, urlsplit
from wsgiref.util import request_uri

from flask import Flask, Response, current_app, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden, SecurityError

from .audience import is_for_programs

PROBES = {"healthz", "readyz", "metrics"}  # are asked inside, behind whatever ends TLS
ORIGIN = re.compile(r"^[a-z][a-z0-9+.-]*://[^/?#]*", re.IGNORECASE)
PRINTABLE = "".join(chr(code) for code in range(0x21, 0x7F))
A_DAY = 24 * 3600


class SentInTheClear(Forbidden):
    """A form came over plain http.

    403: the request is understood and will not be done, and sending it again is of no use. 400
    would call it malformed, and 426 offers to go on over TLS on the same connection, which
    nothing speaks.
    """


def init_app(app: Flask) -> None:
    """Send plain http to HTTPS, if that is asked for, and let browsers remember it."""
    if app.config["SSL_REDIRECT"]:
        app.before_request(refuse_plain_http)
    if app.config["HSTS_SECONDS"] and app.config["FLASKY_URL"].startswith("https:"):
        app.after_request(let_browsers_remember)


def refuse_plain_http() -> ResponseReturnValue | None:
    """Redirect what was only asked; refuse what was sent, which others may have read by now.

    This comes before the forms are looked at: a browser does not send its secure cookies over
    plain http, so that a form would otherwise be told that it had expired.
    """
    unknown_host = isinstance(request.routing_exception, SecurityError)  # is answered with 400
    if request.is_secure or request.endpoint in PROBES or unknown_host:
        return None
    # A program would follow, and send its token in the clear each time.
    if request.method not in {"GET", "HEAD", "OPTIONS"} or is_for_programs():
        raise SentInTheClear
    # 301 is what the oldest client knows; 308 differs from it for forms alone.
    answer = redirect(_secure_address(), 301)
    # A cache that keeps both schemes under one name would lead readers in a circle, so shared
    # ones keep nothing. Browsers keep it for a day, and not for ever: HSTS is what lasts.
    answer.cache_control.private = True
    answer.cache_control.max_age = A_DAY
    return answer


def let_browsers_remember(response: Response) -> Response:
    """Tell browsers to use https alone. Over plain http nobody may say so (RFC 6797, 7.2).

    Other names of the domain are not ours to speak for.
    """
    if request.is_secure:
        lasting = f"max-age={current_app.config['HSTS_SECONDS']}"
        response.headers.setdefault("Strict-Transport-Security", lasting)
    return response


def _secure_address() -> str:
    """Return the same page at FLASKY_URL: its path and query byte for byte, but not its host.

    The host of the request may have another port, or be one of several; FLASKY_URL is where TLS
    is. Servers hand over the target of the request as it was sent, which can be a whole URL.
    """
    environ = request.environ
    sent = environ.get("RAW_URI") or environ.get("REQUEST_URI") or request_uri(environ)
    target = ORIGIN.sub("", sent)
    site = urlsplit(current_app.config["FLASKY_URL"])
    path = quote(target.encode("latin-1"), safe=PRINTABLE)
    return f"https://{site.netloc}/{path.removeprefix('/')}"
