"""Cache headers: shared caches never store a page that belongs to one user."""

from flask import Flask, Response, g, request, session

from ..api_requests import is_api_request
from .login_manager import loaded_user

# How long a proxy that asks for it may serve an anonymous page that it cannot renew, in seconds
# (RFC 5861). deploy/nginx/ asks, and removes the header: browsers would show old pages, too.
STALE_WHILE_REVALIDATE = 600


def init_app(app: Flask) -> None:
    """Set the cache headers of every response."""
    app.after_request(mark_private)


def mark_private(response: Response) -> Response:
    """Set `Vary`, and make the responses to users with a login or a session private."""
    if g.get("is_static_file"):
        return response
    is_api = is_api_request()
    response.vary.add("Authorization" if is_api else "Accept-Language")
    has_session = not is_api and bool(session)
    personal = has_session or getattr(loaded_user(), "is_authenticated", False)
    if personal and not response.cache_control.public:
        response.cache_control.private = True
        response.cache_control.no_cache = True
    elif (
        "HTTP_SURROGATE_CAPABILITY" in request.environ
        and not response.cache_control
        and response.status_code < 500
    ):
        response.cache_control["stale-while-revalidate"] = str(STALE_WHILE_REVALIDATE)
    return response


def no_store(response: Response) -> Response:
    """Forbid every cache to store `response`, and return it."""
    response.cache_control.no_store = True
    return response
