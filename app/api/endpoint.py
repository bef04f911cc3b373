"""The `endpoint` decorator, which declares the request, response and permission of a view.

The declaration is enforced for every request, and `openapi` documents it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

from flask import Response, abort, request
from flask_login import current_user

from ..extensions import db
from ..models import Permission
from .idempotency import create_once
from .request_parsing import QueryParams, RequestBody, read_body, read_query
from .responses import ResponseBody, respond

AUTHENTICATED = Permission(0)  # any valid token

MAX_ANONYMOUS_BODY = 16 * 1024  # bytes

View = Callable[..., ResponseBody | None]


@dataclass(frozen=True)
class EndpointSpec:
    """The declaration of an endpoint."""

    summary: str
    description: str
    permission: Permission | None = None  # None: no token required
    query: type[QueryParams] | None = None
    body: type[RequestBody] | None = None
    response: type[ResponseBody] | None = None
    status: int = 200
    conditional: bool = False  # supports If-Match
    # Supports Idempotency-Key: returns the resource with this id to a repeated request.
    replay: Callable[[int], ResponseBody] | None = None
    basic_auth: bool = False  # email and password instead of a token
    errors: tuple[int, ...] = ()  # statuses that do not follow from the other fields


def spec_of(view: Any) -> EndpointSpec:
    """Return the declaration of a view."""
    spec: EndpointSpec = view.spec
    return spec


def endpoint(**fields: Any) -> Callable[[View], Callable[..., Response]]:
    """Declare a view; `fields` are those of `EndpointSpec`.

    The docstring of the view becomes the summary (its first line) and the description. The view
    returns a response body or None and must not commit: the decorator commits, so that the change
    and its idempotency key are saved in one transaction.
    """

    def decorate(view: View) -> Callable[..., Response]:
        summary, _, description = (view.__doc__ or "").partition("\n\n")
        spec = EndpointSpec(summary.rstrip("."), " ".join(description.split()), **fields)

        @wraps(view)
        def wrapper(**path: int) -> Response:
            _require_permission(spec.permission)
            return respond(spec.status, spec.response, _run(spec, view, path))

        wrapper.spec = spec  # type: ignore[attr-defined]  # read by spec_of()
        return wrapper

    return decorate


def _require_permission(permission: Permission | None) -> None:
    if permission is not None and not current_user.is_authenticated:
        abort(401)
    if permission and not current_user.can(permission):
        abort(403)


def _run(spec: EndpointSpec, view: View, path: dict[str, Any]) -> ResponseBody | None:
    """Parse the request, call the view and commit."""
    call = partial(view, **path)
    if spec.basic_auth:
        request.max_content_length = MAX_ANONYMOUS_BODY
    if spec.query:
        call = partial(call, query=read_query(spec.query))
    if spec.body:
        call = partial(call, body=read_body(spec.body))
    response = create_once(call, spec.replay) if spec.replay else call()
    if request.method not in {"GET", "HEAD"}:
        db.session.commit()
    return response
