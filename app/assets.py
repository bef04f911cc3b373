"""Addresses of static files carry a digest of the file, so that browsers may keep them."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app


def init_app(app: Flask) -> None:
    """Add the digest to every address that `url_for("static", …)` builds."""
    app.url_defaults(add_digest)


def add_digest(endpoint: str, values: dict[str, Any]) -> None:
    """Add `v`, a digest of the file, to the address of a static file."""
    folder = current_app.static_folder
    if endpoint != "static" or folder is None or "filename" not in values:
        return
    path = Path(folder) / values["filename"]
    if path.is_file():
        values["v"] = _digest(path, path.stat().st_mtime_ns)


@cache
def _digest(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
