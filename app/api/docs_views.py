"""The OpenAPI document, and the HTML page that shows it and sends test requests."""

import json
from typing import Any

from flask import Response, current_app, jsonify, render_template, request

from . import docs
from .openapi import build_document


@docs.get("/api/v1/openapi.json")
def openapi() -> Response:
    """Return the OpenAPI document."""
    response = jsonify(_document())
    response.add_etag()
    response.make_conditional(request)
    return response


@docs.get("/api/docs")
def page() -> str:
    """Show the documentation page."""
    document = _document()
    operations = [
        {"path": path, "method": method, "tag": spec["tags"][0], "spec": spec}
        | _body(spec, document["components"]["schemas"])
        for path, methods in document["paths"].items()
        for method, spec in methods.items()
    ]
    base_url = request.host_url.rstrip("/") + document["servers"][0]["url"]
    return render_template(
        "api/docs.html", document=document, operations=operations, base_url=base_url
    )


def _body(spec: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an operation's request body and an example of it, if it has one."""
    if "requestBody" not in spec:
        return {}
    reference = spec["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    body = schemas[reference.rpartition("/")[2]]
    example = {name: _example(name, schema) for name, schema in body["properties"].items()}
    return {"body": body, "example": json.dumps(example, indent=2, ensure_ascii=False)}


def _example(name: str, schema: dict[str, Any]) -> Any:
    types = {option.get("type") for option in schema.get("anyOf", [schema])}
    return 30 if "integer" in types else False if "boolean" in types else f"Some {name}"


def _document() -> dict[str, Any]:
    """Return the document, which is built for the first request."""
    if "openapi" not in current_app.extensions:
        current_app.extensions["openapi"] = build_document(current_app)
    document: dict[str, Any] = current_app.extensions["openapi"]
    return document
