"""JSON responses with ETags, and If-Match."""

import hashlib
from collections.abc import Callable
from typing import Any, ClassVar, Self

from flask import Response, abort, request, url_for
from pydantic import BaseModel, ConfigDict

from ..models import lock_row
from ..security.request_validation import MAX_ID


class UrlParts(dict[str, list[str]]):
    """What precedes and follows the id in the URLs of an endpoint, by the name of the endpoint.

    They are computed once per response: `url_for` for every URL would be a third of the cost of a
    list.
    """

    def __missing__(self, endpoint: str) -> list[str]:
        url = url_for(endpoint, id=MAX_ID, _external=True)
        parts = self[endpoint] = url.rsplit(str(MAX_ID), 1)
        return parts


class ResponseBody(BaseModel):
    """The JSON body of a response.

    Its ETag is `<version>-<counters>`. If-Match compares the version only, so that what others add
    to a resource, such as a comment on a post, does not block an edit.
    """

    model_config = ConfigDict(extra="forbid")
    COUNTERS: ClassVar[set[str]] = set()  # fields that other users' actions change
    ETAG_IGNORED: ClassVar[set[str]] = set()  # fields that are not part of the ETag

    @classmethod
    def of(cls, row: Any) -> Self:
        """Convert a row, an entity or a mapping with the names or aliases of the fields."""
        return cls.model_validate(row, from_attributes=True, context=UrlParts())

    def version(self) -> str:
        """Return a hash that changes when the resource is edited."""
        return _hash(self.model_dump_json(exclude=self.ETAG_IGNORED | self.COUNTERS))

    def etag(self, json: str) -> str:
        """Return the ETag; `json` is this object as JSON."""
        if not self.ETAG_IGNORED | self.COUNTERS:  # lists: do not serialize them again
            return f"{_hash(json)}-{NO_COUNTERS}"
        counters = _hash(self.model_dump_json(include=self.COUNTERS))
        return f"{self.version()}-{counters}"


def respond(status: int, schema: type[ResponseBody] | None, body: ResponseBody | None) -> Response:
    """Return `body` as JSON, 304 if If-None-Match has its ETag, or 204 if it is None."""
    if body is None:
        response = Response(status=204)
        del response.headers["Content-Type"]
        return response
    if schema is None or not isinstance(body, schema):
        raise TypeError(f"{request.endpoint} returned {type(body).__name__}, not {schema}.")
    json = body.model_dump_json()
    response = Response(json, status, content_type="application/json")
    if status == 201:
        response.headers["Location"] = getattr(body, "url", "")
    response.set_etag(body.etag(json))
    response.make_conditional(request)
    return response


def require_match(row: Any, represent: Callable[[int], ResponseBody]) -> None:
    """Abort with 412 if If-Match names another version of `row`; lock the row otherwise.

    `represent` returns the current response body for the id of the row.
    """
    if "If-Match" not in request.headers:
        return
    if not lock_row(row):
        abort(404)
    # Weak ETags count too: a proxy that compresses responses weakens ours. Werkzeug parses an
    # empty ETag as None.
    etags = request.if_match.as_set(include_weak=True)
    versions = {etag.partition("-")[0] for etag in etags if etag}
    if not request.if_match.star_tag and represent(row.id).version() not in versions:
        abort(412)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


NO_COUNTERS = _hash("{}")
