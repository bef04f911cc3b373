"""Errors as programs read them: problem details (RFC 9457) that also carry one short word."""

from collections.abc import Sequence
from http import HTTPStatus

from flask import Response
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.exceptions import HTTPException

from .visits import current_id

MEDIA_TYPE = "application/problem+json"
DETAILS = {
    400: "The request cannot be understood.",
    401: "Send a token: “Authorization: Bearer …”. POST /api/v1/tokens/ makes one.",
    403: "This account does not have the permission that this takes.",
    404: "There is nothing at this address.",
    405: "This address does not take that method; “Allow” says which it takes.",
    409: "What was to be changed has been changed or deleted in the meantime. Read it again.",
    412: "It has changed since the version that If-Match names. Read it again.",
    413: "The request is larger than this address takes.",
    415: "Send JSON, with “Content-Type: application/json”.",
    422: "The request is understood, and contradicts an earlier one.",
    429: "That was more often than is allowed. “Retry-After” says when to go on.",
    500: "Something broke on our side. The log knows it by the request_id.",
    503: "The site cannot answer at the moment. Try again, as “Retry-After” says.",
}

# Python has renamed these, and `error` is never to change.
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}


class Fault(BaseModel):
    """One thing that is wrong with what was sent."""

    model_config = ConfigDict(extra="forbid")
    where: str = Field(description="The field, or the part of the request.")
    what: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """What every error looks like."""

    model_config = ConfigDict(extra="forbid")
    type: str = Field(description="Always about:blank: the status says what kind it is.")
    title: str = Field(description="The status in words.")
    status: int
    error: str = Field(description="The status as a short word that never changes.")
    detail: str = Field(description="What happened and what to do.")
    reason: str | None = Field(
        description="Why, for programs: unconfirmed, read_only_token, invalid_token …"
    )
    errors: list[Fault] = Field(description="What is wrong with each field that was sent.")
    request_id: str = Field(description="What the log calls this request.")


class Refusal(HTTPException):
    """An error of the API, with more than its status to say."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str | None = None,
        reason: str | None = None,
        errors: Sequence[Fault] = (),
        challenge: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = status.value
        self.reason = reason
        self.errors = list(errors)
        self.challenge = challenge


def answer(error: HTTPException, words: str | None, headers: list[tuple[str, str]]) -> Response:
    """Return `error` as JSON; `words` are what our own code said of it, if anything."""
    status = error.code or 500
    phrase = PHRASES.get(status) or HTTPStatus(status).phrase
    problem = Problem(
        type="about:blank",
        title=phrase,
        status=status,
        error=phrase.lower(),
        detail=words or DETAILS.get(status, phrase),
        reason=getattr(error, "reason", None),
        errors=getattr(error, "errors", []),
        request_id=current_id(),
    )
    response = Response(problem.model_dump_json(), status, content_type=MEDIA_TYPE)
    response.headers.extend(headers)
    response.cache_control.no_store = True
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = getattr(error, "challenge", None) or challenge()
    return response


def challenge(scheme: str = "Bearer", error: str | None = None) -> str:
    """Return what tells a program how to say who it is."""
    realm = f'{scheme} realm="api"'
    return f'{realm}, error="{error}"' if error else realm
