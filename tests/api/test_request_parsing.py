"""Request bodies and query strings: invalid input is rejected and changes nothing."""

import json
from io import BytesIO

from flask import Flask
from pydantic import Field, ValidationError

from app.api.request_parsing import NOT_BLANK, RequestBody
from tests.support.api_client import ApiClient
from tests.support.factories import Factory

JSON = "application/json"
INVALID_BODIES: dict[str, tuple[bytes, str, int]] = {
    "empty": (b"", JSON, 400),
    "list": (b"[]", JSON, 400),
    "null": (b"null", JSON, 400),
    "overflow": (b"1e999", JSON, 400),
    "NaN": (b'{"body": NaN}', JSON, 400),
    "truncated": (b'{"body": "x"', JSON, 400),
    "two objects": (b'{"body": "x"}{}', JSON, 400),
    "trailing comma": (b'{"body": "x",}', JSON, 400),
    "wrong type": (b'{"body": 1}', JSON, 400),
    "list instead of a string": (b'{"body": ["x"]}', JSON, 400),
    "null instead of a string": (b'{"body": null}', JSON, 400),
    "missing field": (b"{}", JSON, 400),
    "unknown field": (b'{"body": "x", "author_id": 1}', JSON, 400),
    "blank": (b'{"body": " \\n\\t\\u3000"}', JSON, 400),
    "NUL": (b'{"body": "x\\u0000"}', JSON, 400),
    "lone surrogate": (b'{"body": "\\ud800"}', JSON, 400),
    "not UTF-8": (b'{"body": "\xff"}', JSON, 400),
    "UTF-16": ('{"body": "x"}'.encode("utf-16"), JSON, 400),
    "deeply nested": (b'{"body":' + b"[" * 100_000, JSON, 400),
    "too large": (b" " * 1_048_577, JSON, 413),
    "form": (b"body=x", "application/x-www-form-urlencoded", 415),
    "multipart": (b"--x--", "multipart/form-data; boundary=x", 415),
    "no content type": (b'{"body": "x"}', "", 415),
    "text": (b'{"body": "x"}', "text/plain", 415),
    "malformed content type": (b'{"body": "x"}', "\x7f;;", 415),
}


def test_invalid_body_is_rejected_and_changes_nothing(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    post = make.post(ann, "Unchanged")
    client = ApiClient(app, ann)

    for name, (data, content_type, status) in INVALID_BODIES.items():
        for method, path in (("POST", "/posts/"), ("PUT", f"/posts/{post}")):
            headers = {"Content-Type": content_type}
            response = client.send(method, path, data=data, headers=headers)
            assert response.status_code == status, name
    bodies = [post["body"] for post in client.get("/posts/").get_json()["posts"]]
    assert bodies == ["Unchanged"]


def test_invalid_fields_are_named(app: Flask, make: Factory) -> None:
    client = ApiClient(app, make.user("ann"))

    missing = client.post("/posts/", {}).get_json()
    malformed = client.post("/posts/", [1]).get_json()
    query = client.get("/posts/?limit=0&page=2").get_json()

    assert missing["errors"] == [{"field": "body", "message": "Field required"}]
    assert missing["detail"] == "Request body is invalid."
    assert [error["field"] for error in malformed["errors"]] == ["body"]
    assert {error["field"] for error in query["errors"]} == {"limit", "page"}
    assert query["detail"] == "Query string is invalid."


def test_many_or_long_unknown_fields_are_not_repeated(app: Flask, make: Factory) -> None:
    client = ApiClient(app, make.user("ann"))

    def errors(body: dict[str, int]) -> list[dict[str, str]]:
        response = client.post("/posts/", {"body": "x", **body})
        assert response.status_code == 400
        return list(response.get_json()["errors"])

    assert len(errors({f"x{number}": 1 for number in range(50)})) == 50
    for size in (51, 60_000):
        many = {f"x{number}": 1 for number in range(size)}
        assert errors(many) == [{"field": "body", "message": f"{size} validation errors."}]
    assert [error["field"] for error in errors({"x" * 900_000: 1})] == ["x" * 100]


def test_anonymous_request_body_is_limited_to_16_kilobytes(app: Flask) -> None:
    for size, status in ((16_384, 400), (16_385, 413)):
        body = json.dumps({"name": ""})
        padded = body + " " * (size - len(body))
        response = ApiClient(app).send("POST", "/tokens/", data=padded, content_type=JSON)
        assert response.status_code == status


def test_chunked_body_is_limited_too(app: Flask, make: Factory) -> None:
    data = json.dumps({"body": "truncated"}).encode() + b" " * 2_000_000 + b"x"
    client = ApiClient(app, make.user("ann"))

    response = client.send(
        "POST",
        "/posts/",
        input_stream=BytesIO(data),
        content_type=JSON,
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )

    assert response.status_code == 413
    assert client.get("/posts/").get_json()["posts"] == []


def test_invalid_query_is_rejected(app: Flask) -> None:
    client = ApiClient(app)
    queries = [
        "limit=0", "limit=101", "limit=-1", "limit=x", "limit=1.0", "limit=%201", "limit=1_0",
        "limit=", "limit=1&limit=2", "before=x", "before=1", "after=1-9999999999", "page=2",
        "before=%F0%9F%98%80", "limit=%D9%A3", f"before={'9' * 5000}-1",
    ]  # fmt: skip

    for query in queries:
        response = client.get(f"/posts/?{query}")
        assert (response.status_code, bool(response.get_json()["errors"])) == (400, True), query
    for query in ("limit=1", "limit=100", "before=1-2146999999", "after=1-1"):
        assert client.get(f"/posts/?{query}").status_code == 200, query


def test_id_must_have_ascii_digits(app: Flask, make: Factory) -> None:
    make.post(make.user("ann"))

    assert app.test_client().get("/api/v1/posts/\u0661").status_code == 404
    assert app.test_client().get("/post/\u0661").status_code == 404


def test_blank_is_what_strip_removes() -> None:
    class Text(RequestBody):
        """A body with a text that must not be blank."""

        text: str = Field(pattern=NOT_BLANK)

    def is_rejected(character: str) -> bool:
        try:
            Text(text=character)
        except ValidationError:
            return True
        return False

    for code in (*range(1, 0x3100), 0xFEFF, 0x1F600):
        assert is_rejected(chr(code)) == (not chr(code).strip()), hex(code)
