"""The OpenAPI document, made of what the views declare. It is the contract, and says no more."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ..problems import DETAILS, MEDIA_TYPE, Problem
from .contract import Operation, told_by

PREFIX = "/api/v1"
READING = {"GET", "HEAD"}
SCHEMA = "#/components/schemas/"
HIGHEST_ID = 2**31 - 1
HEADERS = {
    "ETag": "What is different when the answer is.",
    "Location": "Where the new thing is.",
    "Retry-After": "Seconds to wait.",
    "WWW-Authenticate": "How to say who you are.",
}
INTRODUCTION = """What the pages of this site can do, for programs. Send a token with every
request: “Authorization: Bearer …”. Most of what can be read, anybody can read without one. Lists
are cut in parts: follow next_url until it is null. Errors are problem details (RFC 9457). An
answer has an ETag: send it as If-None-Match to be told 304 while nothing has changed, and as
If-Match with an edit to be refused (412) if somebody else was quicker. Send an Idempotency-Key
with what creates something, and a second try within a day shows what the first has made."""


class Route(NamedTuple):
    """One method of one address, and what is declared for it."""

    path: str
    method: str
    endpoint: str
    takes_id: bool
    told: Operation


def routes(app: Flask) -> Iterator[Route]:
    """Yield every route of the API, in the order of its addresses."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    for rule in sorted(rules, key=lambda rule: rule.rule):
        path = re.sub(r"<id:(\w+)>", r"{\1}", rule.rule.removeprefix(PREFIX))
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            told = told_by(app.view_functions[rule.endpoint])
            yield Route(path, method, rule.endpoint, bool(rule.arguments), told)


def document(app: Flask) -> dict[str, Any]:
    """Return the document."""
    known = list(routes(app))
    paths: dict[str, dict[str, Any]] = {}
    for route in known:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Flasky",
            "version": "1",
            "description": " ".join(INTRODUCTION.split()),
        },
        "servers": [{"url": PREFIX}],
        "paths": paths,
        "components": {
            "schemas": _schemas(known),
            "responses": {str(status): _problem(status) for status in DETAILS},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "token as name": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "The token as the name, and an empty password.",
                },
                "password": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "E-mail address and password, to obtain a token.",
                },
            },
        },
    }


def statuses(route: Route) -> set[int]:
    """Return the errors that an address can answer with."""
    told, is_reading = route.told, route.method in READING
    found = {401, 403, 429, 503, *told.refusals}
    found |= {400} if told.query or told.body or told.repeatable or route.takes_id else set()
    found |= {413, 415} if told.body else set()
    found |= {404} if route.takes_id else set()
    found |= {409} if not is_reading else set()
    found |= {412} if told.conditional else set()
    found |= {422} if told.repeatable else set()
    return found


def _operation(route: Route) -> dict[str, Any]:
    told = route.told
    said: dict[str, Any] = {
        "operationId": route.endpoint.removeprefix("api."),
        "tags": [route.path.split("/")[1]],
        "summary": told.summary,
        "parameters": list(_parameters(route)),
        "security": _security(told),
        "responses": {str(told.status): _success(route)}
        | {str(status): {"$ref": f"#/components/responses/{status}"} for status in _errors(route)},
    }
    if told.explanation:
        said["description"] = told.explanation
    if told.body:
        said["requestBody"] = {"required": True, "content": _json(told.body)}
    if route.method in READING:
        said["responses"]["304"] = {"description": "You have it already."}
    return said


def _errors(route: Route) -> list[int]:
    return sorted(statuses(route))


def _parameters(route: Route) -> Iterator[dict[str, Any]]:
    if route.takes_id:
        number = {"type": "integer", "minimum": 1, "maximum": HIGHEST_ID}
        yield {"name": "id", "in": "path", "required": True, "schema": number}
    if route.told.query:
        properties = route.told.query.model_json_schema()["properties"]
        for name, schema in properties.items():
            yield {
                "name": name,
                "in": "query",
                "description": schema.pop("description"),
                "schema": _without_null(schema),
            }
    if route.method in READING:
        yield _header("If-None-Match", "An ETag that you have.")
    if route.told.conditional:
        yield _header("If-Match", "The ETag of what you have read.")
    if route.told.repeatable:
        key = {"pattern": r"^[\x21-\x7e]{1,255}$"}
        yield _header("Idempotency-Key", "A word of your own for this very request.", **key)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """What is left out of an address is not null, it is not there."""
    chosen = next(one for one in schema.get("anyOf", [schema]) if one.get("type") != "null")
    dropped = {"title", "anyOf"} | ({"default"} if "anyOf" in schema else set())
    return {name: value for name, value in (schema | chosen).items() if name not in dropped}


def _header(name: str, description: str, **schema: str) -> dict[str, Any]:
    text = {"type": "string", **schema}
    return {"name": name, "in": "header", "description": description, "schema": text}


def _security(told: Operation) -> list[dict[str, list[str]]]:
    if told.takes_password:
        return [{"password": []}]
    known: list[dict[str, list[str]]] = [{"token": []}, {"token as name": []}]
    return known if told.needs is not None else [{}, *known]


def _success(route: Route) -> dict[str, Any]:
    told = route.told
    if told.answer is None:
        return {"description": "Done."}
    headers = ("ETag", "Location") if told.status == 201 else ("ETag",)
    summary = (told.answer.__doc__ or "").strip()
    return {"description": summary, "headers": _told(headers), "content": _json(told.answer)}


def _problem(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMA}{Problem.__name__}"}}}
    headers = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
    told = _told(headers.get(status, ()))
    return {"description": DETAILS[status], "headers": told, "content": content}


def _told(headers: tuple[str, ...]) -> dict[str, Any]:
    return {
        name: {"description": HEADERS[name], "required": True, "schema": {"type": "string"}}
        for name in headers
    }


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"{SCHEMA}{model.__name__}"}}}


def _schemas(known: list[Route]) -> dict[str, Any]:
    bodies = {route.told.body for route in known if route.told.body}
    answers = {route.told.answer for route in known if route.told.answer}
    modes: list[Any] = [(body, "validation") for body in bodies]
    modes += [(answer, "serialization") for answer in (*answers, Problem)]
    modes.sort(key=lambda pair: pair[0].__name__)
    _, definitions = models_json_schema(modes, ref_template=SCHEMA + "{model}")
    schemas: dict[str, Any] = definitions["$defs"]
    return schemas
