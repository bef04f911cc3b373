"""CORS: no origin is allowed by default; those in CORS_ORIGINS are."""

from flask import Flask

from tests.support.app_factory import make_app

ALLOWED, OTHER = "https://app.example.com", "https://other.example"
PREFLIGHT = {
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "authorization, if-match",
}


def test_no_origin_is_allowed_by_default(app: Flask) -> None:
    for method, headers in (("GET", {}), ("OPTIONS", PREFLIGHT)):
        response = app.test_client().open(
            "/api/v1/me", method=method, headers={"Origin": ALLOWED, **headers}
        )
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_only_configured_origins_are_allowed() -> None:
    client = make_app(CORS_ORIGINS=[ALLOWED]).test_client()

    for path, status in (("/api/v1/me", 401), ("/api/nowhere", 404)):
        responses = [
            client.get(path, headers={"Origin": origin}) for origin in (ALLOWED, OTHER, "null")
        ]
        assert [response.status_code for response in responses] == [status] * 3
        origins = [one.headers.get("Access-Control-Allow-Origin") for one in responses]
        assert origins == [ALLOWED, None, None]
        assert all("origin" in response.vary for response in responses)
        assert {"ETag", "X-Request-ID"} <= header_set(
            responses[0].headers["Access-Control-Expose-Headers"]
        )
        assert "Access-Control-Allow-Credentials" not in responses[0].headers
        assert "Access-Control-Allow-Methods" not in responses[0].headers


def test_preflight_lists_methods_and_headers() -> None:
    client = make_app(CORS_ORIGINS=[ALLOWED]).test_client()

    response = client.options("/api/v1/posts/1", headers={"Origin": ALLOWED, **PREFLIGHT})

    assert response.status_code == 204
    assert "PUT" in header_set(response.headers["Access-Control-Allow-Methods"])
    assert {"Authorization", "If-Match", "Idempotency-Key", "Content-Type"} <= header_set(
        response.headers["Access-Control-Allow-Headers"]
    )
    assert response.headers["Access-Control-Max-Age"] == "600"
    other = client.options("/api/v1/posts/1", headers={"Origin": OTHER, **PREFLIGHT})
    assert "Access-Control-Allow-Methods" not in other.headers
    simple = client.options("/api/v1/posts/1", headers={"Origin": ALLOWED})
    assert "Access-Control-Allow-Methods" not in simple.headers


def test_pages_have_no_cors_headers() -> None:
    client = make_app(CORS_ORIGINS=[ALLOWED]).test_client()

    response = client.get("/auth/login", headers={"Origin": ALLOWED})

    assert "Access-Control-Allow-Origin" not in response.headers


def header_set(value: str) -> set[str]:
    return set(value.split(", "))
