"""Static files: their addresses carry a digest of the file, so that browsers may keep them."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request

A_YEAR = 365 * 24 * 60 * 60  # seconds


def init_app(app: Flask) -> None:
    """Add the digest to the addresses of static files, and let those be kept."""
    app.url_defaults(add_digest)
    app.after_request(allow_keeping)


def add_digest(endpoint: str, values: dict[str, Any]) -> None:
    """Add `v`, a digest of the file, to the address of a static file: ours or Bootstrap's."""
    folder = _static_folder(endpoint)
    if folder is None or "filename" not in values:
        return
    path = Path(folder) / values["filename"]
    if path.is_file():
        values["v"] = _digest(path, path.stat().st_mtime_ns)


def allow_keeping(response: Response) -> Response:
    """Let browsers keep a static file for a year, if its address would change with it.

    Nothing else is to be kept, whatever the address: neither an error page, nor the file of
    another release.
    """
    expected: dict[str, Any] = dict(request.view_args or {})
    add_digest(request.endpoint or "", expected)
    given = request.args.get("v")
    if response.status_code in {200, 304} and given is not None and given == expected.get("v"):
        response.cache_control.public = True
        response.cache_control.no_cache = None
        response.cache_control.max_age = A_YEAR
        response.cache_control.immutable = True
    return response


def _static_folder(endpoint: str) -> str | None:
    """Return the folder that `endpoint` serves: `static`, or `name.static` of a blueprint."""
    if endpoint == "static":
        return current_app.static_folder
    name, _, view = endpoint.rpartition(".")
    return current_app.blueprints[name].static_folder if view == "static" else None


@cache
def _digest(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
