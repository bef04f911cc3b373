"""Errors below /api/: one JSON format for every cause, whatever the client accepts."""

import logging
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.errors.problem_details import MEDIA_TYPE, Problem
from tests.support.api_client import ApiClient, issue_token
from tests.support.app_factory import make_app
from tests.support.broken_database import site_with_unusable_sqlite_file
from tests.support.factories import Factory

LANGUAGE = "zh-CN"  # chinese-only
# without-chinese: LANGUAGE = "fr"


def problem(response: TestResponse) -> Problem:
    """Return the problem document; check that it belongs to the response."""
    assert response.mimetype == MEDIA_TYPE
    parsed = Problem.model_validate_json(response.data)
    assert parsed.status == response.status_code
    assert parsed.request_id == response.headers["X-Request-ID"]
    assert response.cache_control.no_store
    return parsed


def test_format_does_not_depend_on_the_request(app: Flask) -> None:
    client = ApiClient(app)
    requests = [
        ("GET", "/api/nowhere", 404), ("POST", "/api/nowhere", 404), ("GET", "/api", 404),
        ("GET", "/api/v1/posts/4711", 404), ("GET", "/api/v1/posts/99999999999", 404),
        ("GET", "/api/v1/posts/x", 404), ("PUT", "/api/v1/posts/2147483648", 404),
        ("DELETE", "/api/v1/posts/2147483648", 404), ("GET", "/api/v1/posts/%00", 400),
        ("GET", "/api/v1//posts/", 404), ("PATCH", "/api/v1/posts/", 405),
        ("TRACE", "/api/v1/posts/", 405), ("POST", "/api/docs", 405),
        ("POST", "/api/v1/posts/", 401), ("GET", "/api/v1/posts/?limit=0", 400),
    ]  # fmt: skip

    for method, path, status in requests:
        for accept in (None, "text/html", "image/png", "*/*;q=0"):
            headers = {"Accept": accept, "Accept-Language": LANGUAGE} if accept else {}
            response = client.send(method, path, headers=headers)
            parsed = problem(response)
            assert parsed.status == status, path
            assert parsed.error == response.status.partition(" ")[2].lower()
            assert parsed.title.lower() == parsed.error
            assert (parsed.type, parsed.detail.isprintable()) == ("about:blank", True)


def test_detail_explains_the_error(app: Flask) -> None:
    client = ApiClient(app)
    details = {
        "/me": "Token is missing or invalid.",
        "/posts/4711": "Not found.",
        "/posts/?limit=0": "Query string is invalid.",
    }

    for path, detail in details.items():
        parsed = problem(client.get(path))
        assert (parsed.detail, parsed.reason) == (detail, None)


def test_phrases_do_not_depend_on_the_python_version(app: Flask, make: Factory) -> None:
    client, headers = ApiClient(app, make.user("ann")), {"Idempotency-Key": "k"}
    client.post("/posts/", {"body": "x"}, headers=headers)

    reused = client.post("/posts/", {"body": "y"}, headers=headers)
    large = client.post("/posts/", {"body": "x" * 1_100_000})

    assert problem(reused).error == "unprocessable content"
    assert problem(large).error == "content too large"


def test_error_of_an_authenticated_request_is_not_cached(app: Flask, make: Factory) -> None:
    headers = {"Authorization": f"Bearer {issue_token(app, make.user('ann'))}"}

    problem(app.test_client().get("/api/v1/posts/4711", headers=headers))


@pytest.mark.both_databases
def test_database_without_tables_is_503(bare_app: Flask) -> None:
    response = bare_app.test_client().get("/api/v1/posts/")

    assert problem(response).error == "service unavailable"
    assert response.headers["Retry-After"] == "30"


def test_unavailable_database_is_503() -> None:
    with site_with_unusable_sqlite_file() as client:
        response = client.client.get("/api/v1/posts/")

    assert problem(response).status == 503
    assert response.headers["Retry-After"] == "30"


def test_bug_is_500_without_a_traceback(
    app: Flask, make: Factory, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    post = make.post(make.user("ann"))

    def view(**_path: Any) -> None:
        raise ZeroDivisionError("a secret value")

    monkeypatch.setitem(app.view_functions, "api.post", view)
    with caplog.at_level(logging.CRITICAL + 1):
        response = app.test_client().get(f"/api/v1/posts/{post}")

    assert problem(response).status == 500
    assert b"a secret value" not in response.data


def test_bug_in_an_error_response_is_500() -> None:
    app = make_app(PROPAGATE_EXCEPTIONS=False, LOG_LEVEL="ERROR")

    @app.after_request
    def fail(_response: Any) -> Any:
        raise ZeroDivisionError("a secret value")

    response = app.test_client().get("/api/nowhere")

    assert problem(response).status == 500
    assert b"a secret value" not in response.data


def test_unknown_host_is_400() -> None:
    app = make_app(TRUSTED_HOSTS=["flasky.example"])

    response = app.test_client().get("/api/v1/posts/", headers={"Host": "evil.example"})

    assert (problem(response).status, problem(response).detail) == (400, "Unknown host.")


def test_rate_limit_is_429_with_its_headers() -> None:
    client = make_app(RATELIMIT_API="2 per minute").test_client()
    unrouted = [client.get("/api/v1/nowhere/") for _ in range(3)]
    assert {response.status_code for response in unrouted} == {404}

    responses = [client.get("/api/v1/me") for _ in range(3)]

    assert [response.status_code for response in responses] == [401, 401, 429]
    headers = responses[-1].headers
    assert problem(responses[-1]).error == "too many requests"
    assert 1 <= int(headers["Retry-After"]) <= 61
    assert headers["RateLimit-Limit"] == "2"
    assert headers["RateLimit-Remaining"] == "0"
    assert headers["RateLimit-Reset"] == headers["Retry-After"]
    assert "Retry-After" not in responses[0].headers


def test_plain_http_is_rejected_not_redirected() -> None:
    """A client that follows the redirect would send its token unencrypted every time."""
    app = make_app(SSL_REDIRECT=True, SITE_URL="https://flasky.example")

    parsed = problem(app.test_client().get("/api/v1/posts/"))

    assert (parsed.status, "plain http" in parsed.detail) == (403, True)
