"""The OpenAPI document describes every route, and nothing else."""

from typing import Any

from flask import Flask

from tests.support.api_client import PREFIX, Contract

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def test_document_has_every_route_and_no_other(app: Flask) -> None:
    routes = {
        (rule.rule.replace("<id:id>", "{id}"), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(f"{PREFIX}/") and rule.endpoint != "api_docs.openapi"
        for method in (rule.methods or set()) & METHODS
    }
    documented = {
        (PREFIX + path, method.upper())
        for path, methods in Contract.of(app).document["paths"].items()
        for method in methods
    }

    assert documented == routes


def test_operation_has_summary_description_and_tag(app: Flask) -> None:
    paths = Contract.of(app).document["paths"]
    operations = [spec for methods in paths.values() for spec in methods.values()]

    assert all(spec["summary"] and spec["tags"] for spec in operations)
    assert len({spec["operationId"] for spec in operations}) == len(operations)
    operation = paths["/posts/{id}"]["put"]
    assert operation["summary"] == "Update a post"
    assert operation["description"].startswith("Users can update their own posts")
    assert operation["tags"] == ["posts"]
    assert "description" not in paths["/me"]["get"]


def test_operation_has_its_statuses(app: Flask) -> None:
    paths = Contract.of(app).document["paths"]
    expected = {
        ("/posts/", "get"): "200 304 400 401 403 429 503",
        ("/posts/", "post"): "201 400 401 403 409 413 415 422 429 503",
        ("/posts/{id}", "put"): "200 400 401 403 404 409 412 413 415 429 503",
        ("/posts/{id}", "delete"): "204 400 401 403 404 409 412 429 503",
        ("/me", "get"): "200 304 401 403 429 503",
        ("/me/following/{id}", "put"): "204 400 401 403 404 409 429 503",
    }

    for (path, method), statuses in expected.items():
        assert sorted(paths[path][method]["responses"]) == statuses.split(), (path, method)


def test_operation_has_its_parameters_and_security(app: Flask) -> None:
    paths = Contract.of(app).document["paths"]
    token: list[Any] = [{"token": []}, {"token as username": []}]
    expected = {
        ("/posts/", "get"): (["limit", "before", "after", "If-None-Match"], [{}, *token]),
        ("/posts/", "post"): (["Idempotency-Key"], token),
        ("/posts/{id}", "put"): (["id", "If-Match"], token),
        ("/tokens/", "post"): ([], [{"password": []}]),
        ("/tokens/", "delete"): ([], token),
    }

    for (path, method), (names, security) in expected.items():
        operation = paths[path][method]
        assert [parameter["name"] for parameter in operation["parameters"]] == names
        assert operation["security"] == security


def test_success_has_its_schema_and_headers(app: Flask) -> None:
    responses = Contract.of(app).document["paths"]["/posts/"]["post"]["responses"]

    assert responses["201"]["description"] == "A post."
    assert sorted(responses["201"]["headers"]) == ["ETag", "Location"]
    schema = responses["201"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/PostOut"}


def test_errors_have_their_schema_and_headers(app: Flask) -> None:
    responses = Contract.of(app).document["components"]["responses"]
    headers = {status: list(error["headers"]) for status, error in responses.items()}

    assert {status: names for status, names in headers.items() if names} == {
        "401": ["WWW-Authenticate"],
        "429": ["Retry-After"],
        "503": ["Retry-After"],
    }
    for error in responses.values():
        schema = error["content"]["application/problem+json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Problem"}


def test_numbers_have_their_limits(app: Flask) -> None:
    document = Contract.of(app).document
    parameters = {item["name"]: item for item in document["paths"]["/posts/"]["get"]["parameters"]}

    assert parameters["limit"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "default": 20,
    }
    assert parameters["limit"]["description"] == "Maximum number of results."
    [identifier, *_] = document["paths"]["/posts/{id}"]["get"]["parameters"]
    assert identifier["schema"] == {"type": "integer", "minimum": 1, "maximum": 2_147_483_647}
    assert set(parameters["before"]["schema"]) == {"type", "pattern"}
    [days, _null] = document["components"]["schemas"]["TokenIn"]["properties"]["days"]["anyOf"]
    assert days == {"type": "integer", "minimum": 1, "maximum": 3650}


def test_every_reference_has_a_target(app: Flask) -> None:
    document = Contract.of(app).document
    for reference in references(document):
        target: Any = document
        for key in reference.removeprefix("#/").split("/"):
            target = target[key]


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*(references(item) for item in value.values()))
    return set().union(*(references(item) for item in value)) if isinstance(value, list) else set()
