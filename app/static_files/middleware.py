"""Serve collected static files with WhiteNoise, where nginx does not serve them."""

import re
from contextlib import suppress
from typing import Any

from flask import Flask
from whitenoise.base import WhiteNoise
from whitenoise.string_utils import decode_path_info

from ..security.headers import static_headers
from .hashing import HASH
from .views import ONE_YEAR, SAFE_METHODS, static_root

REJECTED_ENCODING = re.compile(r";\s*q=0(\.0*)?\s*(,|$)", re.IGNORECASE)


class CollectedFiles(WhiteNoise):  # type: ignore[misc]  # it has no types
    """WSGI middleware that serves collected files without session, access log and metrics.

    It looks for a file when it is first requested, because other releases add theirs. Flask
    answers the other requests, and those that WhiteNoise does not handle correctly: other methods
    than GET and HEAD, ranges, rejected encodings, and plain HTTP if it is redirected.
    """

    def __init__(self, app: Flask) -> None:
        root = str(static_root(app))
        super().__init__(app.wsgi_app, root, autorefresh=True, allow_all_origins=False)
        self.config = app.config

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Serve a collected file, or pass the request on."""
        url = decode_path_info(environ.get("PATH_INFO", ""))
        if HASH.search(url) and self._can_serve(environ):
            file = self.files.get(url) or self.find_file(url)
            if file is not None:
                self.files[url] = file
                with suppress(FileNotFoundError):  # deleted since it was found
                    return self.serve(file, environ, start_response)
        return self.application(environ, start_response)

    def _can_serve(self, environ: dict[str, Any]) -> bool:
        return (
            environ["REQUEST_METHOD"] in SAFE_METHODS
            and "HTTP_RANGE" not in environ
            and not REJECTED_ENCODING.search(environ.get("HTTP_ACCEPT_ENCODING", ""))
            and (environ["wsgi.url_scheme"] == "https" or not self.config["SSL_REDIRECT"])
        )

    def add_cache_headers(self, headers: Any, _path: str, _url: str) -> None:
        """Add Cache-Control and the security headers; WhiteNoise calls this for each file."""
        headers["Cache-Control"] = f"max-age={ONE_YEAR}, public, immutable"
        for name, value in static_headers(self.config):
            headers[name] = value
