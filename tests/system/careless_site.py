"""A site that says nothing about caches, to see what nginx does on its own.

Every answer has a number of its own and tells what it was asked with; `?Name=value` adds a header.
"""

from collections.abc import Iterable
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

numbers = count(1)
TOLD = ("HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_ACCEPT_LANGUAGE", "HTTP_HOST")


def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer with what nobody else may see."""
    told = " ".join(str(environ.get(name)) for name in TOLD)
    headers = [("Content-Type", "text/plain"), *parse_qsl(environ["QUERY_STRING"])]
    start_response("200 OK", headers)
    return [f"{next(numbers)}: {told}".encode()]
