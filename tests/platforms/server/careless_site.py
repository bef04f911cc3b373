"""A site without cache headers, to test nginx's own caching.

Every response is numbered and repeats request headers; `?Name=value` adds a response header.
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
    """Respond with data of this client."""
    told = " ".join(str(environ.get(name)) for name in TOLD)
    headers = [("Content-Type", "text/plain"), *parse_qsl(environ["QUERY_STRING"])]
    start_response("200 OK", headers)
    return [f"{next(numbers)}: {told}".encode()]
