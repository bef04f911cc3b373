"""Copies of static files that were collected, served by WhiteNoise where there is no nginx."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask
from whitenoise.base import WhiteNoise
from whitenoise.responders import NotARegularFileError
from whitenoise.string_utils import decode_path_info

from .assets import A_YEAR, READING
from .collecting import UnreadableManifest, collection
from .headers import static_headers

if TYPE_CHECKING:
    from wsgiref.headers import Headers

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

REFUSED = re.compile(r";\s*q=0(\.0*)?\s*(,|$)", re.IGNORECASE)  # an encoding that is not taken


def init_app(app: Flask) -> None:
    """Answer with copies before Flask is asked: without session, log and figures."""
    app.wsgi_app = Copies(app)  # type: ignore[method-assign]  # Flask's own way to wrap


class Copies:
    """WhiteNoise, around Flask, with the copies that are there when the process starts.

    What it does not know, or not do well, goes on to Flask: younger copies, methods other than
    reading, parts of files, encodings that are refused (it would send them all the same), and
    plain http where that is not answered.
    """

    def __init__(self, app: Flask) -> None:
        self.site = app.wsgi_app
        self.https_alone = app.config["SSL_REDIRECT"]
        self.whitenoise = WhiteNoise(
            self.site,
            allow_all_origins=False,
            immutable_file_test=lambda _path, _url: True,
            add_headers_function=partial(_add_headers, static_headers(app.config)),
        )
        self.whitenoise.FOREVER = A_YEAR
        self.copies = dict(self._copies(app))

    def _copies(self, app: Flask) -> Iterator[tuple[str, Any]]:
        """Yield address and file of each copy. (WhiteNoise would look for files by itself, and
        stumble over those that are being written meanwhile.)
        """
        copies = collection(app)
        try:
            names = copies.names()
        except (OSError, UnreadableManifest) as error:
            app.logger.warning("The copies of static files are not used: %s", error)
            return
        for name in names:
            with suppress(OSError, NotARegularFileError):
                path = str(copies.folder / name)
                yield f"/{name}", self.whitenoise.get_static_file(path, f"/{name}")

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> "Iterable[bytes]":
        """Answer with a copy, or let Flask answer."""
        copy = self.copies.get(decode_path_info(environ.get("PATH_INFO", "")))
        if copy is not None and self._can_serve(environ):
            with suppress(FileNotFoundError):  # a later release has pruned it
                served: Iterable[bytes] = self.whitenoise.serve(copy, environ, start_response)
                return served
        return self.site(environ, start_response)

    def _can_serve(self, environ: "WSGIEnvironment") -> bool:
        return (
            environ["REQUEST_METHOD"] in READING
            and "HTTP_RANGE" not in environ
            and not REFUSED.search(environ.get("HTTP_ACCEPT_ENCODING", ""))
            and not (self.https_alone and environ["wsgi.url_scheme"] != "https")
        )


def _add_headers(
    ours: list[tuple[str, str]], headers: "Headers", _path: str, _address: str
) -> None:
    for name, value in ours:
        headers[name] = value
