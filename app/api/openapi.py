"""The OpenAPI document, generated from the declarations of the views (see `endpoint`)."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ..errors.problem_details import DETAILS, MEDIA_TYPE, Problem
from ..security.request_validation import MAX_ID
from .endpoint import EndpointSpec, spec_of
from .idempotency import KEY

PREFIX = "/api/v1"
SCHEMAS = "#/components/schemas/"
HEADERS = {
    "ETag": "Version of the response.",
    "Location": "URL of the new resource.",
    "Retry-After": "Seconds to wait before retrying.",
    "WWW-Authenticate": "Expected authentication scheme.",
}
INTRODUCTION = """The API offers what users can do on the site. Authenticate with an API token:
“Authorization: Bearer …”. Most read operations also work without a token. Lists are paginated:
follow next_url until it is null. Errors are problem details (RFC 9457). Responses have an ETag:
send it as If-None-Match to get 304 if nothing has changed, or as If-Match with an update or
deletion to get 412 if the resource was changed in the meantime. Send an Idempotency-Key when you
create something: a retry within 24 hours returns the existing resource."""


class Route(NamedTuple):
    """A method of a path, with its declaration."""

    path: str
    method: str
    endpoint: str
    spec: EndpointSpec


def routes(app: Flask) -> Iterator[Route]:
    """Yield every route of the API, sorted by path and method."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    for rule in sorted(rules, key=lambda rule: rule.rule):
        path = rule.rule.removeprefix(PREFIX).replace("<id:id>", "{id}")
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Route(path, method, rule.endpoint, spec_of(app.view_functions[rule.endpoint]))


def build_document(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI document."""
    all_routes = list(routes(app))
    paths: dict[str, dict[str, Any]] = {}
    for route in all_routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Flasky",
            "version": "1",
            "description": " ".join(INTRODUCTION.split()),
        },
        "servers": [{"url": app.config["APPLICATION_ROOT"].rstrip("/") + PREFIX}],
        "paths": paths,
        "components": {
            "schemas": _schemas(all_routes),
            "responses": {str(status): _problem(status) for status in DETAILS},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "token as username": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "The token as the username, with an empty password.",
                },
                "password": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "Email and password, to create a token.",
                },
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    spec = route.spec
    operation: dict[str, Any] = {
        "operationId": route.endpoint.removeprefix("api."),
        "tags": [route.path.split("/")[1]],
        "summary": spec.summary,
        "parameters": list(_parameters(route)),
        "security": _security(spec),
        "responses": {str(spec.status): _success(spec)},
    }
    for status in _error_statuses(route):
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{status}"}
    if route.method == "GET":
        operation["responses"]["304"] = {"description": "Not modified."}
    if spec.description:
        operation["description"] = spec.description
    if spec.body:
        operation["requestBody"] = {"required": True, "content": _json(spec.body)}
    return operation


def _parameters(route: Route) -> Iterator[dict[str, Any]]:
    if "{id}" in route.path:
        schema = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
        yield {"name": "id", "in": "path", "required": True, "schema": schema}
    if route.spec.query:
        for name, field in route.spec.query.model_json_schema()["properties"].items():
            type_or_null = field.pop("anyOf", [{}])  # it can be omitted, but not null
            yield _parameter("query", name, **field, **type_or_null[0])
    if route.method == "GET":
        yield _parameter("header", "If-None-Match", "ETag of a previous response.")
    if route.spec.conditional:
        yield _parameter("header", "If-Match", "ETag of the version to change.")
    if route.spec.replay:
        text = "Unique key of your choice for this request."
        yield _parameter("header", "Idempotency-Key", text, pattern=KEY)


def _parameter(location: str, name: str, description: str, **schema: Any) -> dict[str, Any]:
    """Return an optional parameter, which is a string unless `schema` has another type."""
    schema = {"type": "string"} | schema
    schema = {key: value for key, value in schema.items() if key != "title" and value is not None}
    return {"name": name, "in": location, "description": description, "schema": schema}


def _security(spec: EndpointSpec) -> list[dict[str, list[str]]]:
    if spec.basic_auth:
        return [{"password": []}]
    token: list[dict[str, list[str]]] = [{"token": []}, {"token as username": []}]
    return token if spec.permission is not None else [{}, *token]


def _success(spec: EndpointSpec) -> dict[str, Any]:
    if spec.response is None:
        return {"description": "Success, without content."}
    return {
        "description": (spec.response.__doc__ or "").strip(),
        "headers": _headers("ETag", "Location") if spec.status == 201 else _headers("ETag"),
        "content": _json(spec.response),
    }


def _error_statuses(route: Route) -> list[int]:
    """Return the error statuses that a route can respond with."""
    spec, takes_id = route.spec, "{id}" in route.path
    conditions = {
        400: spec.query or spec.body or spec.replay or takes_id,
        404: takes_id,
        409: route.method != "GET",
        412: spec.conditional,
        413: spec.body,
        415: spec.body,
        422: spec.replay,
    }
    possible = {status for status, condition in conditions.items() if condition}
    return sorted({401, 403, 429, 503, *spec.errors, *possible})


def _problem(status: int) -> dict[str, Any]:
    headers = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}
    return {
        "description": DETAILS[status],
        "headers": _headers(*headers.get(status, [])),
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMAS}{Problem.__name__}"}}},
    }


def _headers(*names: str) -> dict[str, Any]:
    return {
        name: {"description": HEADERS[name], "required": True, "schema": {"type": "string"}}
        for name in names
    }


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"{SCHEMAS}{model.__name__}"}}}


def _schemas(all_routes: list[Route]) -> dict[str, Any]:
    bodies = {(route.spec.body, "validation") for route in all_routes if route.spec.body}
    responses = {(r.spec.response, "serialization") for r in all_routes if r.spec.response}
    models: list[Any] = [*bodies, *responses, (Problem, "serialization")]
    _, definitions = models_json_schema(models, ref_template=SCHEMAS + "{model}")
    schemas: dict[str, Any] = definitions["$defs"]
    return schemas
