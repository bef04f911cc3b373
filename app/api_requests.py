"""What the API and the packages below it share: its paths, and the format of its errors."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import has_request_context, request

API_PREFIX = "/api"
API_DOCS = "/api/docs"  # an HTML page

# Python 3.13 renamed these phrases. Clients rely on `error`, so it must not depend on the version.
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}


def is_api_path() -> bool:
    """Return True if the path is below /api/, where every error is JSON."""
    return has_request_context() and (
        request.path == API_PREFIX or request.path.startswith(f"{API_PREFIX}/")
    )


def is_api_request() -> bool:
    """Return True if the request is authenticated by a token: cookies are neither read nor set."""
    return is_api_path() and request.path.rstrip("/") != API_DOCS


def problem_document(
    status: int,
    detail: str | None,
    request_id: str,
    reason: str | None = None,
    errors: Sequence[Any] = (),
) -> dict[str, Any]:
    """Return problem details (RFC 9457). `detail` defaults to the phrase of the status."""
    phrase = PHRASES.get(status) or HTTPStatus(status).phrase
    return {
        "type": "about:blank",
        "title": phrase,
        "status": status,
        "error": phrase.lower(),
        "detail": detail or phrase,
        "reason": reason,
        "errors": list(errors),
        "request_id": request_id,
    }
