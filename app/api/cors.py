"""Which other sites' scripts may use the API: those of API_ORIGINS, and none by default.

They get no cookies, and would gain nothing by them: a script needs a token.
"""

from flask import Response, current_app, request

from ..audience import is_in_api
from . import api
from .slashes import allowed_methods

EXPOSED = "ETag, Location, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
SENT = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"
KEPT_FOR = 600  # seconds that a browser remembers the answer to its question


@api.before_app_request
def answer_options() -> Response | None:
    """Say which methods an address takes, and nothing else: here is no page."""
    if request.method != "OPTIONS" or not is_in_api() or request.url_rule is None:
        return None
    response = Response(status=204)
    response.allow.update(allowed_methods())
    del response.headers["Content-Type"]
    return response


@api.after_app_request
def allow_origin(response: Response) -> Response:
    """Tell the browser that the script which asks may read the answer, if it may."""
    allowed = current_app.config["API_ORIGINS"]
    if not allowed or not is_in_api():
        return response
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin in allowed:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = f"{EXPOSED}, X-Request-ID"
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
            response.headers["Access-Control-Allow-Headers"] = SENT
            response.headers["Access-Control-Max-Age"] = str(KEPT_FOR)
    return response
