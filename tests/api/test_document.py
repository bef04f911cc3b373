"""The document is the contract: it tells of every route, and of nothing else."""

from typing import Any

import pytest
from flask import Flask
from pydantic import Field
from werkzeug.routing import RequestRedirect

from app.api import input as reading
from tests.api.program import PREFIX, contract

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def test_every_route_is_in_the_document_and_nothing_else_is(app: Flask) -> None:
    served = {
        (rule.rule.replace("<id:id>", "{id}"), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(f"{PREFIX}/")
        for method in (rule.methods or set()) & METHODS
    }
    told = {
        (PREFIX + path, method.upper())
        for path, methods in contract(app)["paths"].items()
        for method in methods
    }

    assert served - told == {(f"{PREFIX}/openapi.json", "GET")}
    assert told - served == set()


def test_document_says_of_everything_what_it_is_for(app: Flask) -> None:
    told = contract(app)

    assert told["openapi"] == "3.1.0"
    for methods in told["paths"].values():
        for said in methods.values():
            assert said["summary"]
            assert len(said["operationId"]) > 1


def test_every_reference_leads_somewhere(app: Flask) -> None:
    told = contract(app)
    for reference in references(told):
        place: Any = told
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_limits_of_numbers_are_told(app: Flask) -> None:
    told = contract(app)
    [limit] = [
        one for one in told["paths"]["/posts/"]["get"]["parameters"] if one["name"] == "limit"
    ]

    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    [days, _null] = told["components"]["schemas"]["TokenIn"]["properties"]["days"]["anyOf"]
    assert days == {"type": "integer", "minimum": 1, "maximum": 3650}


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*(references(one) for one in value.values()))
    return set().union(*(references(one) for one in value)) if isinstance(value, list) else set()


def test_document_is_not_sent_twice(app: Flask) -> None:
    client = app.test_client()
    first = client.get(f"{PREFIX}/openapi.json")

    again = client.get(f"{PREFIX}/openapi.json", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304


def test_blank_is_what_a_page_takes_for_blank() -> None:
    blank = "".join(chr(code) for code in range(0x3001) if not chr(code).strip())

    class Text(reading.Body):
        """A text of which something must be left."""

        text: str = Field(pattern=reading.SOMETHING)

    for code in (*range(1, 0x3100), 0xFEFF, 0x1F600):
        is_refused = False
        try:
            Text(text=chr(code))
        except ValueError:
            is_refused = True
        assert is_refused == (chr(code) in blank), hex(code)


@pytest.mark.parametrize("path", ["/posts", "/comments", "/tokens", "/users/1/posts"])
def test_slash_at_the_end_may_be_left_out(app: Flask, path: str) -> None:
    try:
        app.url_map.bind("localhost").match(PREFIX + path, method="GET")
    except RequestRedirect:
        pytest.fail(f"{path} leads elsewhere")
