"""Error responses for clients of the API, and others that prefer JSON: RFC 9457."""

from collections.abc import Sequence

from flask import Response
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import HTTPException

from ..api_requests import problem_document
from ..logs.access_log import current_request_id
from ..security.cache_control import no_store

MEDIA_TYPE = "application/problem+json"
CHALLENGE = 'Bearer realm="api"'  # RFC 6750
DETAILS = {
    400: "Invalid request.",
    401: "Token is missing or invalid.",
    403: "Your account does not have the required permission.",
    404: "Not found.",
    405: "Method not allowed. See the Allow header.",
    409: "The resource was changed or deleted in the meantime. Retrieve it again.",
    412: "The resource was changed since the version in If-Match. Retrieve it again.",
    413: "Request body is too large.",
    415: "Request body must be JSON, with Content-Type: application/json.",
    422: "Idempotency-Key conflicts with a previous request.",
    429: "Too many requests. Retry after the number of seconds in the Retry-After header.",
    500: "Internal server error. It was logged with this request ID.",
    503: "Service temporarily unavailable. Retry after the seconds in the Retry-After header.",
}


class FieldError(BaseModel):
    """A validation error of a field."""

    model_config = ConfigDict(extra="forbid")
    field: str = Field(description="Name of the field, or “body” or “query”.")
    message: str = Field(description="Error message.")


class Problem(BaseModel):
    """An error."""

    model_config = ConfigDict(extra="forbid")
    type: str = Field(description="Always “about:blank”.")
    title: str = Field(description="Phrase of the HTTP status.")
    status: int = Field(description="HTTP status.")
    error: str = Field(description="Phrase of the HTTP status in lower case. Stable.")
    detail: str = Field(description="Human-readable explanation.")
    reason: str | None = Field(
        description="Machine-readable reason, such as “invalid_token”, if there is one."
    )
    errors: list[FieldError] = Field(description="Validation errors.")
    request_id: str = Field(description="Request ID, as in the X-Request-ID header.")


class APIError(HTTPException):
    """An HTTP error with the additional fields of `Problem`.

    `challenge` is the value of the WWW-Authenticate header.
    """

    def __init__(
        self,
        status: int,
        detail: str | None = None,
        reason: str | None = None,
        errors: Sequence[FieldError] = (),
        challenge: str = CHALLENGE,
    ) -> None:
        super().__init__(detail)
        self.code = status
        self.reason = reason
        self.errors = errors
        self.challenge = challenge


def problem_response(
    error: HTTPException, detail: str | None, headers: list[tuple[str, str]]
) -> Response:
    """Return `error` as JSON; without `detail` it gets the default text of its status."""
    status = error.code or 500
    problem = Problem.model_validate(
        problem_document(
            status,
            detail or DETAILS.get(status),
            current_request_id(),
            reason=getattr(error, "reason", None),
            errors=getattr(error, "errors", ()),
        )
    )
    response = Response(problem.model_dump_json(), status, content_type=MEDIA_TYPE)
    response.headers.extend(headers)
    no_store(response)
    if status == 401:
        response.headers["WWW-Authenticate"] = getattr(error, "challenge", CHALLENGE)
    return response
