"""Errors: one shape for all of them, and never a page, a traceback or a 500."""

import logging
from typing import Any

import pytest
from flask import Flask

from app.problems import Problem
from tests.api.program import PROBLEM, Program, token_of
from tests.broken import site_whose_file_became_a_folder
from tests.factories import Factory
from tests.settings import make_app

pytestmark = pytest.mark.slow  # they are many

JSON = "application/json"
DEEP = b'{"body":' + b"[" * 100_000
NONSENSE: dict[str, tuple[bytes, str, int]] = {
    "nothing": (b"", JSON, 400),
    "list": (b"[]", JSON, 400),
    "null": (b"null", JSON, 400),
    "number": (b"1e999", JSON, 400),
    "not a number": (b'{"body": NaN}', JSON, 400),
    "half an object": (b'{"body": "x"', JSON, 400),
    "two objects": (b'{"body": "x"}{}', JSON, 400),
    "trailing comma": (b'{"body": "x",}', JSON, 400),
    "wrong type": (b'{"body": 1}', JSON, 400),
    "list as text": (b'{"body": ["x"]}', JSON, 400),
    "null as text": (b'{"body": null}', JSON, 400),
    "missing field": (b"{}", JSON, 400),
    "unknown field": (b'{"body": "x", "author_id": 1}', JSON, 400),
    "blank": (b'{"body": " \\n\\t\\u3000"}', JSON, 400),
    "NUL": (b'{"body": "x\\u0000"}', JSON, 400),
    "lone surrogate": (b'{"body": "\\ud800"}', JSON, 400),
    "no UTF-8": (b'{"body": "\xff"}', JSON, 400),
    "UTF-16": ('{"body": "x"}'.encode("utf-16"), JSON, 400),
    "deep": (DEEP, JSON, 400),
    "too long": (b'{"body": "%s"}' % (b"x" * 20_001), JSON, 400),
    "too large": (b" " * 1_048_577, JSON, 413),
    "form": (b"body=x", "application/x-www-form-urlencoded", 415),
    "files": (b"--x--", "multipart/form-data; boundary=x", 415),
    "no type": (b'{"body": "x"}', "", 415),
    "text": (b'{"body": "x"}', "text/plain", 415),
    "type that is none": (b'{"body": "x"}', "\x7f;;", 415),
}


@pytest.mark.parametrize(("sent", "kind", "status"), NONSENSE.values(), ids=NONSENSE)
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_nonsense_is_refused_and_changes_nothing(
    app: Flask, make: Factory, method: str, sent: bytes, kind: str, status: int
) -> None:
    ann = make.user("ann")
    post = make.post(ann, "As it was")
    path = "/posts/" if method == "POST" else f"/posts/{post}"
    program = Program(app, ann)

    answer = program.send(method, path, data=sent, headers={"Content-Type": kind})

    assert answer.status_code == status
    assert [one["body"] for one in program.get("/posts/").get_json()["posts"]] == ["As it was"]


@pytest.mark.parametrize("accept", [None, "text/html", "image/png", "*/*;q=0"])
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nowhere", 404),
        ("POST", "/api/nowhere", 404),
        ("GET", "/api", 404),
        ("GET", "/api/v1/posts/4711", 404),
        ("GET", "/api/v1/posts/99999999999", 404),
        ("GET", "/api/v1/posts/x", 404),
        ("PUT", "/api/v1/posts/2147483648", 404),
        ("DELETE", "/api/v1/posts/2147483648", 404),
        ("GET", "/api/v1/posts/%00", 400),
        ("GET", "/api/v1//posts/", 404),
        ("PATCH", "/api/v1/posts/", 405),
        ("TRACE", "/api/v1/posts/", 405),
        ("POST", "/api/docs", 405),
        ("POST", "/api/v1/posts/", 401),
        ("GET", "/api/v1/posts/?limit=0", 400),
    ],
)
def test_error_is_told_in_one_shape_whatever_is_accepted(
    app: Flask, accept: str | None, method: str, path: str, status: int
) -> None:
    headers = {"Accept": accept, "Accept-Language": "zh-CN"} if accept else {}

    answer = Program(app).send(method, path, headers=headers)

    assert (answer.status_code, answer.mimetype) == (status, PROBLEM)
    assert answer.get_json()["error"] == answer.status.partition(" ")[2].lower()
    assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]
    assert answer.get_json()["detail"].isprintable()


QUERIES = [
    *("limit=0", "limit=101", "limit=-1", "limit=x", "limit=1.0", "limit=%201", "limit=1_0"),
    *("limit=", "limit=1&limit=2", "before=x", "before=1", "after=1-9999999999", "page=2"),
    *("before=%F0%9F%98%80", "limit=%D9%A3", f"before={'9' * 5000}-1"),
]


@pytest.mark.parametrize("query", QUERIES)
def test_query_that_is_not_described_is_refused(app: Flask, query: str) -> None:
    answer = Program(app).get(f"/posts/?{query}")

    assert answer.status_code == 400
    assert answer.get_json()["errors"]


def test_wrong_method_says_which_are_right(app: Flask) -> None:
    allowed = Program(app).patch("/posts/").headers["Allow"]

    assert {"GET", "POST"} <= set(allowed.split(", "))


def test_options_tell_the_methods_and_nothing_else(app: Flask) -> None:
    answer = app.test_client().options("/api/v1/posts/")

    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert "POST" in answer.headers["Allow"]


def test_database_without_tables_is_a_503_as_json(bare_app: Flask) -> None:
    answer = bare_app.test_client().get("/api/v1/posts/")

    assert (answer.status_code, answer.mimetype) == (503, PROBLEM)
    assert answer.get_json()["error"] == "service unavailable"
    assert int(answer.headers["Retry-After"]) > 0


def test_fault_of_ours_is_a_500_as_json_without_a_traceback(
    app: Flask, make: Factory, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    post = make.post(make.user("ann"))

    def broken(**_path: Any) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setitem(app.view_functions, "api.post", broken)
    with caplog.at_level(logging.CRITICAL + 1):
        answer = app.test_client().get(f"/api/v1/posts/{post}")

    assert (answer.status_code, answer.mimetype) == (500, PROBLEM)
    assert b"secret" not in answer.data


def test_even_an_error_that_breaks_the_errors_is_told_in_json() -> None:
    app = make_app(PROPAGATE_EXCEPTIONS=False, FLASKY_LOG_LEVEL="ERROR")

    @app.after_request
    def break_everything(_response: Any) -> Any:
        raise ZeroDivisionError("secret")

    answer = app.test_client().get("/api/nowhere")

    told = Problem.model_validate_json(answer.data)
    assert (answer.status_code, answer.mimetype, told.status) == (500, PROBLEM, 500)
    assert told.request_id == answer.headers["X-Request-ID"]
    assert b"secret" not in answer.data


def test_database_that_went_away_is_a_503_as_json() -> None:
    with site_whose_file_became_a_folder() as reader:
        answer = reader.client.get("/api/v1/posts/")

    told = Problem.model_validate_json(answer.data)
    assert (answer.status_code, told.error) == (503, "service unavailable")
    assert answer.headers["Retry-After"] == "30"


def test_unknown_host_is_told_in_json() -> None:
    app = make_app(TRUSTED_HOSTS=["flasky.example"])

    answer = app.test_client().get("/api/v1/posts/", headers={"Host": "evil.example"})

    assert (answer.status_code, answer.mimetype) == (400, PROBLEM)


def test_who_asks_too_often_hears_when_to_go_on() -> None:
    app = make_app(RATELIMIT_API="2 per minute")
    client = app.test_client()
    answers = [client.get("/api/v1/nowhere/", headers={}) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {404}

    answers = [client.get("/api/v1/me") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [401, 401, 429]
    last = answers[-1]
    assert last.mimetype == PROBLEM
    assert 1 <= int(last.headers["Retry-After"]) <= 61
    assert last.headers["RateLimit-Limit"] == "2"
    assert last.headers["RateLimit-Remaining"] == "0"
    assert last.headers["RateLimit-Reset"] == last.headers["Retry-After"]


def test_passwords_are_limited_and_the_whole_api_besides(make: Factory, app: Flask) -> None:
    ann = make.user("ann")
    client = app.test_client()

    statuses = [
        client.post("/api/v1/tokens/", json={"name": "x"}, auth=(ann.email, "guess")).status_code
        for _ in range(21)
    ]

    assert statuses == [401] * 20 + [429]


def test_plain_http_is_refused_and_not_redirected(app: Flask) -> None:
    """A program would follow the redirect, and send its token in the clear each time."""
    site = make_app(SSL_REDIRECT=True, FLASKY_URL="https://flasky.example")

    answer = site.test_client().get("/api/v1/posts/")

    assert (answer.status_code, answer.mimetype) == (403, PROBLEM)
    assert "plain http" in answer.get_json()["detail"]


def test_error_is_not_kept_by_anybody(app: Flask, make: Factory) -> None:
    token = token_of(app, make.user("ann"))

    answer = app.test_client().get(
        "/api/v1/posts/4711", headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.cache_control.no_store
