"""A site whose pages fail as the file in the environment variable STATUS says.

Every response is numbered. BOUND is the Cache-Control of pages, which nginx asks for.
"""

import os
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

numbers = count(1)


def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Respond with the status in the file, except to health checks."""
    status = Path(os.environ["STATUS"]).read_text()
    if environ["PATH_INFO"] == "/healthz":
        status = "200 OK"
    headers = [("Content-Type", "text/plain")]
    if "HTTP_SURROGATE_CAPABILITY" in environ and status < "500":
        headers.append(("Cache-Control", os.environ["BOUND"]))
    start_response(status, headers)
    return [f"{next(numbers)}: {status}".encode()]
