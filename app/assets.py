"""Static files: their addresses hold a digest of the file, so that browsers may keep them.

Nothing has to be built for that: a request for `css/base.3f2a9c12ab34.css` gets `css/base.css`.
Where the files were collected, nginx or copies.py answers before these functions are asked.
"""

from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, current_app, g, request, send_file
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from werkzeug.security import safe_join
from whitenoise.media_types import MediaTypes

from . import digests
from .collecting import collection

A_YEAR = 365 * 24 * 60 * 60  # seconds
READING = {"GET", "HEAD"}
MEDIA_TYPES = MediaTypes()  # the same on every machine, unlike Python's own


def init_app(app: Flask) -> None:
    """Put the digest into the addresses of static files, and answer those."""
    app.url_defaults(add_digest)
    app.before_request(answer)
    app.session_interface = SessionsOfPages()


def add_digest(endpoint: str, values: dict[str, Any]) -> None:
    """Put the digest into the name of a static file: ours, Bootstrap's, a blueprint's."""
    folder = _folder(endpoint)
    asset = folder.find(values.get("filename", "")) if folder else None
    if asset is not None:
        values["filename"] = asset.hashed_name


def answer() -> Response | None:
    """Answer the request for a static file, in the place of Flask's own view.

    A page that is still open from another release asks for a name of that release. It gets the
    copy or, if there is none, the file as it is now, which is not to be kept under that name.
    """
    folder = _folder(request.endpoint)
    if folder is None or request.method not in READING:
        return None
    name: str = (request.view_args or {})["filename"]
    if asset := folder.find(name):
        return _send(asset, keep=False)
    plain, digest = digests.split(name) or abort(404)
    asset = folder.find(plain)
    if asset and asset.digest == digest:
        _warn_if_not_collected(request.path)
        return _send(asset, keep=True)
    if copy := _copy(request.path, digest):
        return _send(copy, keep=True)
    return _send(asset, keep=False) if asset else abort(404)


def folders() -> dict[Path, str]:
    """Return where static files lie, each with the beginning of their addresses."""
    rules = current_app.url_map.iter_rules()
    found = [(_folder(rule.endpoint), rule.rule.partition("<")[0]) for rule in rules]
    return {folder.path: prefix for folder, prefix in found if folder}


def files() -> Iterator[tuple[str, bytes]]:
    """Yield what is to be collected: the address of each file without its first slash, and it."""
    theme = str(current_app.config["BOOTSTRAP_BOOTSWATCH_THEME"] or "").lower()
    for path, prefix in folders().items():
        folder = _folder_at(str(path))
        for name in folder.names():
            # No page leads to these: Bootstrap brings dozens of themes, and sources of all.
            other_theme = "/bootswatch/" in name and f"/{theme}/" not in name
            if other_theme or name.endswith((".map", ".scss")):
                continue
            if asset := folder.find(name):
                yield prefix.lstrip("/") + asset.hashed_name, asset.content


def _folder(endpoint: str | None) -> digests.Folder | None:
    """Return the folder that `endpoint` serves: `static`, or `name.static` of a blueprint."""
    owner, _, view = (endpoint or "").rpartition(".")
    if view != "static":
        return None
    path = (current_app.blueprints[owner] if owner else current_app).static_folder
    return _folder_at(path) if path else None


@cache
def _folder_at(path: str) -> digests.Folder:
    return digests.Folder(Path(path))


def _copy(address: str, digest: str) -> digests.Asset | None:
    """Return the copy with this address, which was collected after this process started."""
    path = safe_join(str(collection(current_app).folder), address.lstrip("/"))
    try:
        found = Path(path or "")
        copy = digests.Asset(address, found.read_bytes(), found.stat().st_mtime)
    except OSError:
        return None
    return copy if copy.digest == digest else None


def _send(asset: digests.Asset, *, keep: bool) -> Response:
    """Answer with a file, which browsers may keep for a year or have to ask for again."""
    response = send_file(
        BytesIO(asset.content),
        mimetype=MEDIA_TYPES.get_type(asset.name),
        etag=asset.digest,
        last_modified=asset.changed,
        max_age=A_YEAR if keep else None,
    )
    response.cache_control.immutable = keep
    g.is_static_file = True
    return response


def _warn_if_not_collected(address: str) -> None:
    """Say it once, when a server that is meant for many people sends files by itself."""
    server = request.environ.get("SERVER_SOFTWARE", "Werkzeug")
    folder = collection(current_app).folder
    told = current_app.extensions.setdefault("assets", {"warned": False})
    if told["warned"] or server.startswith("Werkzeug") or (folder / address[1:]).is_file():
        return
    told["warned"] = True
    current_app.logger.warning(
        "%s is not in %s: static files are served slowly and uncompressed. "
        "Run this before each release starts: flask static collect",
        address,
        folder,
    )


class SessionsOfPages(SecureCookieSessionInterface):
    """Sessions, with which static files have nothing to do.

    Flask-Login looks into the session at every answer, so Flask would let caches keep a file
    for each cookie by itself. An address of a file stands for the same to everyone.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save the session with a page alone."""
        if g.get("is_static_file"):
            response.vary.clear()
        else:
            super().save_session(app, session, response)
