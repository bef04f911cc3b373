"""A program that uses the API: it sends tokens, and compares each answer with the document."""

from typing import Any
from weakref import WeakKeyDictionary

from flask import Flask
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

from app.extensions import db
from app.models import AccessToken, User
from tests.factories import Person

PREFIX = "/api/v1"
PROBLEM = "application/problem+json"
DOCUMENTS: WeakKeyDictionary[Flask, dict[str, Any]] = WeakKeyDictionary()
OF_NO_ROUTE = {404, 405}  # what is answered where the document describes nothing


class Program:
    """Sends requests for `person`, if any, and trusts no answer that is not described."""

    def __init__(self, app: Flask, person: Person | None = None, read_only: bool = False) -> None:
        self.app = app
        self.client = app.test_client(use_cookies=False)
        self.token = token_of(app, person, read_only=read_only) if person else None

    def send(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send a request to `path` below the prefix; check the answer; return it."""
        headers = dict(options.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        path = path if path.startswith("/api/") else PREFIX + path
        answer = self.client.open(path, method=method, headers=headers, **options)
        check(self.app, method, path, answer)
        return answer

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.send("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.send("POST", path, json=json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.send("PUT", path, json=json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self.send("PATCH", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.send("DELETE", path, **options)


def token_of(
    app: Flask, person: Person, name: str = "test", days: int = 30, read_only: bool = False
) -> str:
    """Make a token for a person; return what they would be shown."""
    with app.app_context():
        user = db.session.get_one(User, person.id)
        _token, secret = AccessToken.issue(user, name, days, read_only)
        db.session.commit()
        return secret


def contract(app: Flask) -> dict[str, Any]:
    """Return the document, as the site serves it."""
    if app not in DOCUMENTS:
        DOCUMENTS[app] = app.test_client().get(f"{PREFIX}/openapi.json").get_json()
    return DOCUMENTS[app]


def check(app: Flask, method: str, path: str, answer: TestResponse) -> None:
    """Fail if the document does not tell of such an answer."""
    told = contract(app)
    adapter = app.url_map.bind("localhost")
    is_error = answer.status_code >= 400
    assert answer.mimetype == {True: PROBLEM, False: "application/json"}[is_error] or (
        answer.status_code in {204, 304} and not answer.data
    ), answer.headers
    if is_error:
        validate(told, {"$ref": "#/components/schemas/Problem"}, answer.get_json())
        assert answer.get_json()["status"] == answer.status_code
    if answer.status_code in OF_NO_ROUTE or not answer.request.path.startswith(PREFIX):
        return
    if "%00" in path:  # is refused before anybody looks where it leads
        return
    rule, _values = adapter.match(path.partition("?")[0], method=method, return_rule=True)
    template = str(rule).removeprefix(PREFIX).replace("<id:id>", "{id}")
    described = told["paths"][template][method.lower()]["responses"]
    assert str(answer.status_code) in described, (method, template, answer.status_code)
    content = described[str(answer.status_code)].get("content", {})
    if "application/json" in content and answer.status_code != 304:
        validate(told, content["application/json"]["schema"], answer.get_json())


def validate(told: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    """Fail if `value` is not what `schema` says, whose references lead into the document."""
    resource = Resource.from_contents(told, default_specification=DRAFT202012)
    registry = Registry().with_resource("urn:told", resource)
    reference = {"$ref": f"urn:told{schema['$ref']}"}
    Draft202012Validator(
        reference, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
    ).validate(value)
