"""CORS headers for the origins in CORS_ORIGINS (none by default).

Credentials are never allowed: the API ignores cookies and authenticates by token only.
"""

from flask import Response, current_app, request

from ..api_requests import is_api_path
from . import api

EXPOSED_HEADERS = (
    "ETag, Location, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, "
    "X-Request-ID"
)
ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"
MAX_AGE = 600  # seconds that browsers cache a preflight response


@api.before_app_request
def answer_options() -> Response | None:
    """Respond to OPTIONS with the allowed methods and an empty body."""
    if request.method != "OPTIONS" or not is_api_path() or request.url_rule is None:
        return None
    path = request.url_rule.rule  # one rule for each method
    rules = [rule for rule in current_app.url_map.iter_rules() if rule.rule == path]
    response = Response(status=204)
    response.allow.update(method for rule in rules for method in rule.methods or ())
    del response.headers["Content-Type"]
    return response


@api.after_app_request
def allow_origin(response: Response) -> Response:
    """Add the CORS headers if the origin of the request is allowed."""
    origins = current_app.config["CORS_ORIGINS"]
    if not origins or not is_api_path():
        return response
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin in origins:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
            response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
            response.headers["Access-Control-Max-Age"] = str(MAX_AGE)
    return response
