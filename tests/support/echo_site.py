"""A site that responds with the path and the digest of what it was sent."""

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from app import gunicorn_worker

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# Otherwise the tests of these deadlines wait for most of a minute.
gunicorn_worker.REQUEST_TIMEOUT = gunicorn_worker.RESPONSE_TIMEOUT = 5


def digest(path: str, body: bytes) -> str:
    """Return the response to `body`."""
    return f"{path} {len(body)} {hashlib.sha256(body).hexdigest()}"


def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Read the whole body, and respond with its digest."""
    text = digest(environ["PATH_INFO"], environ["wsgi.input"].read()).encode()
    if environ["PATH_INFO"] == "/large":
        text *= 1_000_000
    start_response("200 OK", [("Content-Length", str(len(text)))])
    return [text]
