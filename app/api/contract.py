"""What an address takes and gives: declared once, kept with each request, told in the document."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol

from flask import request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from ..extensions import db
from ..models import Permission
from ..permissions import permission_required
from .answers import Answer, respond
from .input import Body, Query, read_body, read_query
from .once import once

MEMBER = Permission(0)  # whoever has an account

LARGEST_OF_STRANGERS = 16 * 1024  # bytes, where nobody has shown yet who they are

View = Callable[..., Answer | None]


@dataclass(frozen=True)
class Operation:
    """What a view declares of itself."""

    summary: str
    explanation: str
    needs: Permission | None = None  # None lets everybody in
    query: type[Query] | None = None
    body: type[Body] | None = None
    answer: type[Answer] | None = None
    status: int = 200
    conditional: bool = False  # If-Match is heeded
    repeatable: Callable[[int], Answer] | None = None  # heeds Idempotency-Key; shows what was made
    takes_password: bool = False  # instead of a token
    refusals: tuple[int, ...] = ()  # statuses besides those that follow from the rest


class Served(Protocol):
    """A view with what it has declared."""

    operation: Operation

    def __call__(self, **path: int) -> ResponseReturnValue: ...


def told_by(view: Any) -> Operation:
    """Return what a view has declared."""
    told: Operation = view.operation
    return told


def operation(**declared: Any) -> Callable[[View], Served]:
    """Declare what a view takes and gives. The first line of its docstring is its summary.

    The view returns its answer, or None, and does not commit: that is done here, after what has
    to be remembered of the answer is in the same transaction.
    """

    def decorate(view: View) -> Served:
        summary, _, explanation = (view.__doc__ or "").partition("\n\n")
        told = Operation(summary.rstrip("."), " ".join(explanation.split()), **declared)

        @wraps(view)
        def served(**path: int) -> ResponseReturnValue:
            return respond(told.status, told.answer, _work(told, view, path))

        served = _guard(told)(served)
        served.operation = told  # type: ignore[attr-defined]  # a function can hold anything
        return served  # type: ignore[return-value]  # it holds it now

    return decorate


def _guard(told: Operation) -> Callable[[Any], Any]:
    if told.needs is None:
        return lambda view: view
    return login_required if told.needs == MEMBER else permission_required(told.needs)


def _work(told: Operation, view: View, path: dict[str, int]) -> Answer | None:
    arguments: dict[str, Any] = dict(path)
    if told.takes_password:
        request.max_content_length = LARGEST_OF_STRANGERS
    if told.query is not None:
        arguments["query"] = read_query(told.query)
    if told.body is not None:
        arguments["body"] = read_body(told.body)
    if told.repeatable is not None:
        answer = once(told.repeatable, lambda: view(**arguments))
    else:
        answer = view(**arguments)
    if request.method not in {"GET", "HEAD"}:
        db.session.commit()
    return answer
