"""The document, for programs."""

from typing import Any

from flask import Response, current_app, jsonify, request

from . import docs
from .document import document


@docs.get("/api/v1/openapi.json")
def openapi() -> Response:
    """Return the OpenAPI document."""
    response = jsonify(_document())
    response.add_etag()
    response.make_conditional(request)
    return response


def _document() -> dict[str, Any]:
    made: dict[str, Any] = current_app.extensions.setdefault("api_document", {})
    if not made:
        made.update(document(current_app._get_current_object()))  # type: ignore[attr-defined]  # a proxy has it
    return made
