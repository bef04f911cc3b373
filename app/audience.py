"""For whom an answer is: people read pages, and programs read JSON. The address tells which."""

from flask import has_request_context, request

API = "/api"
DOCS = "/api/docs"  # a page, for people who write programs


def is_in_api() -> bool:
    """Tell whether the request is for an address below /api/, whose errors are all JSON."""
    return has_request_context() and (request.path == API or request.path.startswith(f"{API}/"))


def is_for_programs() -> bool:
    """Tell whether a program asks, which sends a token: no cookie counts, and none is read."""
    return is_in_api() and request.path.rstrip("/") != DOCS
