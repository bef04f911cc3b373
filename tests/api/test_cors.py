"""Scripts of other sites: none by default, those of API_ORIGINS if there are any."""

from flask import Flask

from tests.settings import make_app

OURS, FOREIGN = "https://app.example.com", "https://evil.example"
QUESTION = {
    "Access-Control-Request-Method": "PUT",
    "Access-Control-Request-Headers": "authorization, if-match",
}


def test_no_origin_is_allowed_by_default(app: Flask) -> None:
    for method, headers in (("GET", {}), ("OPTIONS", QUESTION)):
        answer = app.test_client().open(
            "/api/v1/me", method=method, headers={"Origin": OURS, **headers}
        )
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_origin_of_the_list_is_allowed_and_others_are_not() -> None:
    client = make_app(API_ORIGINS=[OURS]).test_client()
    for path, status in (("/api/v1/me", 401), ("/api/nowhere", 404)):
        answers = [client.get(path, headers={"Origin": one}) for one in (OURS, FOREIGN, "null")]
        assert [answer.status_code for answer in answers] == [status] * 3
        allowed = [answer.headers.get("Access-Control-Allow-Origin") for answer in answers]
        assert allowed == [OURS, None, None]
        assert all("origin" in answer.vary for answer in answers)
        assert "ETag" in answers[0].headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in answers[0].headers


def test_browser_that_asks_first_is_told_what_it_may_send() -> None:
    client = make_app(API_ORIGINS=[OURS]).test_client()

    answer = client.options("/api/v1/posts/1", headers={"Origin": OURS, **QUESTION})

    assert answer.status_code == 204
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    sent = answer.headers["Access-Control-Allow-Headers"].lower()
    assert {"authorization", "if-match", "idempotency-key", "content-type"} <= set(
        sent.split(", ")
    )
    foreign = client.options("/api/v1/posts/1", headers={"Origin": FOREIGN, **QUESTION})
    assert "Access-Control-Allow-Methods" not in foreign.headers


def test_pages_are_for_no_other_site() -> None:
    client = make_app(API_ORIGINS=[OURS]).test_client()

    answer = client.get("/auth/login", headers={"Origin": OURS})

    assert "Access-Control-Allow-Origin" not in answer.headers
