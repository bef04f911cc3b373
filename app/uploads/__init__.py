"""Pictures that users upload: decoded and encoded again (`images`), and stored (`storage`).

Both are imported when they are used: few requests need the libraries. To remove uploads, delete
this package, `main/avatars.py`, `users.avatar_key` and what mentions them, Pillow and obstore.
"""

from importlib import import_module
from typing import IO, Any, cast

from flask import Flask, current_app
from werkzeug.routing import BaseConverter

MEBIBYTE = 2**20
KEY = "[0-9a-f]{32}[.]webp"


class UnreadableImage(Exception):
    """The file is not a whole picture in one of the formats."""


class TooManyPixels(Exception):
    """The picture would take too much memory."""


class StorageError(Exception):
    """The storage cannot be used, for example because the disk is full."""


class UploadKeyConverter(BaseConverter):
    """The key of a file, `<upload_key:key>` in a rule; anything else is a 404."""

    regex = KEY


def init_app(app: Flask) -> None:
    """Register the converter, and a function for templates."""
    app.url_map.converters["upload_key"] = UploadKeyConverter
    app.add_template_global(is_enabled, "uploads_are_enabled")


def is_enabled() -> bool:
    """Return True if there is a place to store files: UPLOAD_STORAGE."""
    return bool(current_app.config["UPLOAD_STORAGE"])


def max_bytes() -> int:
    """Return the size of the largest file that users may upload, in bytes."""
    return int(current_app.config["UPLOAD_MAX_MEGABYTES"]) * MEBIBYTE


def encode_avatar(file: IO[bytes]) -> bytes:
    """Return the middle of the picture in `file` as a square WebP image without metadata.

    Raise UnreadableImage or TooManyPixels.
    """
    return cast("bytes", import_module(".images", __name__).encode_avatar(file))


def save(content: bytes) -> str:
    """Store a WebP image; return its key. Raise StorageError if that fails."""
    return cast("str", _storage().save(content))


def read(key: str) -> bytes | None:
    """Return the content of a file, or None if there is none. Raise StorageError on failure."""
    return cast("bytes | None", _storage().read(key))


def delete(key: str) -> None:
    """Delete a file, if it exists. Raise StorageError if that fails."""
    _storage().delete(key)


def _storage() -> Any:
    return import_module(".storage", __name__)
