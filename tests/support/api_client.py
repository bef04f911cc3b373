"""A client of the API that validates every response against the OpenAPI document."""

from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from flask import Flask
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

from app.errors.problem_details import MEDIA_TYPE
from app.extensions import db
from app.models import AccessToken, User
from tests.support.factories import UserData

PREFIX = "/api/v1"
UNDOCUMENTED = {404, 405}  # may also be responses of paths and methods that do not exist


class ApiClient:
    """Sends requests with a token of `user`, if given."""

    def __init__(self, app: Flask, user: UserData | None = None, read_only: bool = False) -> None:
        self.app = app
        self.client = app.test_client(use_cookies=False)
        self.token = issue_token(app, user, read_only=read_only) if user else None

    def send(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send a request to `path` below /api/v1 and return the validated response."""
        headers = dict(options.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        path = path if path.startswith("/api/") else PREFIX + path
        response = self.client.open(path, method=method, headers=headers, **options)
        Contract.of(self.app).check(method, path, response)
        return response

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


def issue_token(
    app: Flask, user: UserData, name: str = "test", days: int = 30, read_only: bool = False
) -> str:
    """Create a token of `user`; return its secret."""
    with app.app_context():
        owner = db.session.get_one(User, user.id)
        _token, secret = AccessToken.issue(owner, name, days, read_only)
        db.session.commit()
        return secret


class Contract:
    """The OpenAPI document, as the app serves it, and a check of responses against it."""

    _contracts: ClassVar["WeakKeyDictionary[Flask, Contract]"] = WeakKeyDictionary()

    def __init__(self, app: Flask) -> None:
        self.document: dict[str, Any] = app.test_client().get(f"{PREFIX}/openapi.json").get_json()
        self._urls = app.url_map.bind("localhost")
        resource = Resource.from_contents(self.document, default_specification=DRAFT202012)
        self._registry = Registry().with_resource("urn:document", resource)

    @classmethod
    def of(cls, app: Flask) -> "Contract":
        """Return the contract of `app`, which is created once."""
        if app not in cls._contracts:
            cls._contracts[app] = cls(app)
        return cls._contracts[app]

    def check(self, method: str, path: str, response: TestResponse) -> None:
        """Fail if the document does not describe this response."""
        if response.status_code >= 400:
            assert response.mimetype == MEDIA_TYPE, response.headers
            self._validate("#/components/schemas/Problem", response.get_json())
            assert response.get_json()["status"] == response.status_code
        elif response.status_code in {204, 304}:
            assert not response.data
        else:
            assert response.mimetype == "application/json", response.headers
        if response.status_code in UNDOCUMENTED or "%00" in path:  # rejected before routing
            return
        if response.request.path.startswith(PREFIX):
            self._check_route(method, path, response)

    def _check_route(self, method: str, path: str, response: TestResponse) -> None:
        rule, _ = self._urls.match(path.partition("?")[0], method=method, return_rule=True)
        template = str(rule).removeprefix(PREFIX).replace("<id:id>", "{id}")
        operation = "get" if method == "HEAD" else method.lower()
        responses = self.document["paths"][template][operation]["responses"]
        status = str(response.status_code)
        assert status in responses, (method, template, status)
        content = responses[status].get("content", {})
        if "application/json" in content and response.data:
            self._validate(content["application/json"]["schema"]["$ref"], response.get_json())

    def _validate(self, reference: str, value: Any) -> None:
        schema = {"$ref": f"urn:document{reference}"}
        Draft202012Validator(
            schema,
            registry=self._registry,
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        ).validate(value)
