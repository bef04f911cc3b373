"""A site with a large response, to test how much of it nginx stores."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SIZE = 64 * 1024 * 1024


def app(_environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Respond with SIZE bytes."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(SIZE))])
    return (b"x" * 65536 for _ in range(SIZE // 65536))
