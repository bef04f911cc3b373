"""Where files are: a folder, or a bucket of an S3-compatible service.

A key is random and never used twice, so a file never changes, and browsers keep it. It is no hash
of the content: then two users with the same picture would share a file, and who deletes theirs
would delete both.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from . import StorageError

# For each request to a bucket; the client of the site waits meanwhile.
TIMEOUTS = {"connect_timeout": "3s", "timeout": "10s"}
RETRIES: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}


def save(content: bytes) -> str:
    """Store a WebP image; return its key."""
    key = f"{secrets.token_hex(16)}.webp"
    with _errors():
        _store().put(key, content)
    return key


def read(key: str) -> bytes | None:
    """Return the content of a file, or None if there is none."""
    with _errors():
        try:
            return bytes(_store().get(key).bytes())
        except FileNotFoundError:
            return None


def delete(key: str) -> None:
    """Delete a file, if it exists."""
    with _errors():
        try:
            _store().delete(key)
        except FileNotFoundError:
            return


def open_store(app: Flask) -> LocalStore | MemoryStore | S3Store:
    """Return the store that UPLOAD_STORAGE names: a folder or s3://bucket/prefix.

    The client reads AWS_ENDPOINT_URL, AWS_REGION and the credentials from the environment.
    """
    place = str(app.config["UPLOAD_STORAGE"])
    scheme, _, rest = place.partition("://")
    if scheme == "memory":  # for tests
        return MemoryStore()
    if scheme == "s3":
        bucket, _, prefix = rest.partition("/")
        # Services within a private network may have no TLS. Requests are signed.
        options: Any = {**TIMEOUTS, "allow_http": True}
        return S3Store(bucket, prefix=prefix or None, client_options=options, retry_config=RETRIES)
    folder = Path(app.root_path).parent / Path(place).expanduser()
    return LocalStore(folder, mkdir=True)


def _store() -> Any:
    # Opened by each process for itself: its threads would not survive gunicorn's fork.
    extensions = current_app.extensions
    if "upload_store" not in extensions:
        extensions["upload_store"] = open_store(current_app)
    return extensions["upload_store"]


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError, ValueError, RuntimeError) as error:
        # Only the first line: the others are the client's data structures.
        raise StorageError(str(error).partition("\n")[0]) from None
