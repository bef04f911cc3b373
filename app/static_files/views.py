"""URLs of static files with a content hash, which browsers cache for a year.

No build step is needed: `css/base.3f2a9c12ab34.css` is served from `css/base.css`. Requests for
collected files do not get here: nginx or `middleware` answers them.
"""

from functools import cache, lru_cache
from io import BytesIO
from os.path import isfile
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, current_app, g, request, send_file
from werkzeug.security import safe_join
from whitenoise.media_types import MediaTypes

from .hashing import HASH, Asset, find

ONE_YEAR = 365 * 24 * 60 * 60  # seconds
SAFE_METHODS = {"GET", "HEAD"}
MEDIA_TYPES = MediaTypes()  # the same on every machine, unlike the standard library's


def add_content_hash(endpoint: str, values: dict[str, Any]) -> None:
    """Add the hash to the file name in the URL of any static endpoint, blueprints' included."""
    if folder := static_folder(endpoint):
        hashed_name = _hashed_name if current_app.debug else _cached_hashed_name
        values["filename"] = hashed_name(folder, values.get("filename", ""))


def serve_static_file() -> Response | None:
    """Answer a request for a static file, in place of Flask's view.

    Pages of another release request the files of that release. They get the collected file or, if
    there is none, the current one, which must not be cached under the other name.
    """
    folder = static_folder(request.endpoint)
    if folder is None or request.method not in SAFE_METHODS:
        return None
    name: str = (request.view_args or {})["filename"]
    collected = safe_join(str(static_root(current_app)), request.path.lstrip("/")) or ""
    if HASH.search(name) and isfile(collected):  # noqa: PTH113 - Path raises on long names
        response = send_file(collected, MEDIA_TYPES.get_type(name), max_age=ONE_YEAR)
        response.cache_control.immutable = True
    else:
        asset = find(folder, name) or find(folder, HASH.sub("", name)) or abort(404)
        response = _send(asset, is_immutable=asset.hashed_name == name)
    g.is_static_file = True
    return response


def static_folder(endpoint: str | None) -> str | None:
    """Return the folder of a static endpoint (`static` or `blueprint.static`), or None."""
    blueprint, _, view = (endpoint or "").rpartition(".")
    if view != "static":
        return None
    return (current_app.blueprints[blueprint] if blueprint else current_app).static_folder


def static_root(app: Flask) -> Path:
    """Return the folder of collected files; a relative path starts at the project directory."""
    return Path(app.root_path).parent.joinpath(app.config["STATIC_ROOT"])


def _hashed_name(folder: str, name: str) -> str:
    asset = find(folder, name)
    return asset.hashed_name if asset else name


# A process refers to the files of the release that it has started with.
_cached_hashed_name = lru_cache(maxsize=1000)(_hashed_name)


def _send(asset: Asset, *, is_immutable: bool) -> Response:
    """Return a response with a file that is cached for a year, or revalidated each time."""
    if is_immutable and "gunicorn" in request.environ.get("SERVER_SOFTWARE", ""):
        _warn_once(static_root(current_app))
    response = send_file(
        BytesIO(asset.content),
        MEDIA_TYPES.get_type(asset.hashed_name),
        etag=asset.etag,
        last_modified=asset.modified,
        max_age=ONE_YEAR if is_immutable else None,
    )
    response.cache_control.immutable = is_immutable
    return response


@cache
def _warn_once(root: Path) -> None:
    current_app.logger.warning(
        "%s is not in %s: static files are served slowly and uncompressed. "
        "Run `flask static collect` before each release starts.",
        request.path,
        root,
    )
