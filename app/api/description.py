"""The document, for programs, and the page that shows it to people."""

import json
from typing import Any

from flask import Response, current_app, jsonify, render_template, request

from . import docs
from .document import document


@docs.get("/api/v1/openapi.json")
def openapi() -> Response:
    """Return the OpenAPI document."""
    response = jsonify(_document())
    response.add_etag()
    response.make_conditional(request)
    return response


@docs.get("/api/docs")
def page() -> str:
    """Show what the API can do, and let one try it."""
    told = _document()
    shown = [
        _shown(path, method, said, told)
        for path, methods in told["paths"].items()
        for method, said in methods.items()
    ]
    return render_template("api/docs.html", document=told, operations=shown)


def _shown(path: str, method: str, said: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Return one operation as the page shows it: with what its references lead to."""
    body, example = None, {}
    if "requestBody" in said:
        body = _resolve(said["requestBody"]["content"]["application/json"]["schema"], told)
        example = {name: _example(name, schema) for name, schema in body["properties"].items()}
    return {
        "path": path,
        "method": method,
        "tag": said["tags"][0],
        "said": said,
        "takes_password": {"password": []} in said["security"],
        "body": body,
        "example": json.dumps(example, indent=2, ensure_ascii=False),
        "answers": [
            (code, _resolve(one, told)) for code, one in sorted(said["responses"].items())
        ],
    }


def _example(name: str, schema: dict[str, Any]) -> Any:
    kinds = {one.get("type") for one in schema.get("anyOf", [schema])}
    return 30 if "integer" in kinds else False if "boolean" in kinds else f"Some {name}"


def _resolve(value: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Return what `value` refers to, if it does."""
    place: Any = told
    for step in value.get("$ref", "").removeprefix("#/").split("/"):
        place = place[step] if step else value
    found: dict[str, Any] = place
    return found


def _document() -> dict[str, Any]:
    made: dict[str, Any] = current_app.extensions.setdefault("api_document", {})
    if not made:
        made.update(document(current_app._get_current_object()))  # type: ignore[attr-defined]  # a proxy has it
    return made
