"""Answers: JSON by a schema, with a tag that says whether it has changed."""

import hashlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar

from flask import Response, abort, request
from pydantic import BaseModel, ConfigDict
from werkzeug.exceptions import PreconditionFailed

from ..models import hold


class Answer(BaseModel):
    """What an address gives.

    Its ETag has two parts: the version, which an edit changes, and the state, which others change
    as well, without getting in the way of an edit: `COUNTED`. `UNTAGGED` fields change neither.
    """

    model_config = ConfigDict(extra="forbid")
    UNTAGGED: ClassVar[frozenset[str]] = frozenset()
    COUNTED: ClassVar[frozenset[str]] = frozenset()

    def version(self) -> str:
        """Return what is different when somebody has edited it."""
        return _digest(self.model_dump_json(exclude={*self.UNTAGGED, *self.COUNTED}))

    def tag(self) -> str:
        """Return what is different when the answer is: the ETag."""
        state = _digest(self.model_dump_json(include=set(self.COUNTED)))
        return f"{self.version()}-{state}"


def respond(status: int, schema: type[Answer] | None, answer: Answer | None) -> Response:
    """Return `answer`, or 304 to a program that has it already, or 204 if there is none."""
    if answer is None:
        response = Response(status=HTTPStatus.NO_CONTENT)
        del response.headers["Content-Type"]  # there is nothing to be of a type
        return response
    if schema is None or not isinstance(answer, schema):
        raise TypeError(f"{request.endpoint} returned {type(answer).__name__}, not {schema}.")
    response = Response(answer.model_dump_json(), status, content_type="application/json")
    if status == HTTPStatus.CREATED:
        response.headers["Location"] = getattr(answer, "url", "")
    response.set_etag(answer.tag())
    response.make_conditional(request)
    return response


def require_match(row: Any, represent: Callable[[], Answer]) -> None:
    """Refuse to change `row` if it is not what If-Match names; hold it until it is changed."""
    if "If-Match" not in request.headers:
        return
    if not hold(row):
        abort(HTTPStatus.NOT_FOUND)
    # Ours are strong. A proxy that compresses answers makes them weak, and they are no worse.
    sent = request.if_match
    # Werkzeug takes a tag that is empty for None.
    versions = {(tag or "").partition("-")[0] for tag in sent.as_set(include_weak=True)}
    if not sent.star_tag and represent().version() not in versions:
        raise PreconditionFailed


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
