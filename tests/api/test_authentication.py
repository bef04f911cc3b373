"""Authentication by token: valid tokens, rejected tokens, and what a token cannot do."""

import base64
import logging
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.extensions import db
from app.models import AccessToken, User, utcnow
from tests.support.api_client import ApiClient, issue_token
from tests.support.databases import record_statements
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient

pytestmark = pytest.mark.both_databases


def basic(username: bytes, password: bytes = b"") -> str:
    return "Basic " + base64.b64encode(username + b":" + password).decode()


def request_with(app: Flask, token: str, path: str = "/me", method: str = "GET") -> TestResponse:
    return ApiClient(app).send(method, path, headers={"Authorization": f"Bearer {token}"})


def update_user(app: Flask, user: UserData, **columns: Any) -> None:
    with app.app_context():
        row = db.session.get_one(User, user.id)
        for name, value in columns.items():
            setattr(row, name, value)
        db.session.commit()


def test_token_is_accepted_as_bearer_and_as_basic_username(app: Flask, make: Factory) -> None:
    token = issue_token(app, make.user("ann"))

    for header in (f"Bearer {token}", f"bearer {token}", basic(token.encode())):
        response = ApiClient(app).get("/me", headers={"Authorization": header})
        assert response.get_json()["username"] == "ann"


def test_malformed_or_unknown_token_is_401_even_without_required_token(app: Flask) -> None:
    headers = [
        "", "Bearer", "Bearer ", "Bearer x", "Basic", "Basic !!", "Digest x", "token",
        "Bearer \xe9", "Bearer " + "x" * 8000, basic(b""), basic(b"\xff\xfe"),
        "Basic \xe9", "basic \xff:\x80", basic(b"x") + "\xa0", "Digest a=\xe9", "\xe9",
    ]  # fmt: skip

    for header in headers:
        for path in ("/me", "/posts/"):
            response = ApiClient(app).get(path, headers={"Authorization": header})
            assert response.status_code == 401, header
            assert response.get_json()["reason"] == "invalid_token"
            assert response.headers["WWW-Authenticate"].startswith('Bearer realm="api"')


def test_challenge_names_the_error_of_a_well_formed_token_only(app: Flask) -> None:
    unknown = request_with(app, "x").headers["WWW-Authenticate"]
    missing = ApiClient(app).get("/me").headers["WWW-Authenticate"]

    assert (unknown, missing) == (
        'Bearer realm="api", error="invalid_token"',
        'Bearer realm="api"',
    )


def test_password_is_not_accepted_instead_of_a_token(app: Flask, make: Factory) -> None:
    ann = make.user("ann")

    response = ApiClient(app).get("/me", auth=(ann.email, ann.password))

    assert (response.status_code, response.get_json()["reason"]) == (401, "password_not_accepted")


def test_session_cookie_is_ignored(app: Flask, make: Factory) -> None:
    """Otherwise other sites could send requests: the API has no CSRF protection."""
    ann = make.user("ann")
    client = SiteClient(app).log_in(ann, remember_me="y")
    post = make.post(ann)

    assert client.client.get("/api/v1/me").status_code == 401
    assert client.client.post("/api/v1/posts/", json={"body": "x"}).status_code == 401
    assert client.client.delete(f"/api/v1/posts/{post}").status_code == 401
    response = client.client.get("/api/v1/posts/")
    assert response.headers.getlist("Set-Cookie") == []
    assert "cookie" not in response.vary
    assert "ann" in client.open("/").text  # still logged in


def test_token_is_ignored_on_pages(app: Flask, make: Factory) -> None:
    headers = {"Authorization": f"Bearer {issue_token(app, make.user('ann'))}"}

    response = app.test_client().get("/edit-profile", headers=headers)

    assert "/auth/login" in response.headers["Location"]


def test_token_of_an_unconfirmed_account_is_403(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    token = issue_token(app, ann)
    update_user(app, ann, confirmed=False)

    for path in ("/me", "/posts/"):
        response = request_with(app, token, path)
        assert (response.status_code, response.get_json()["reason"]) == (403, "unconfirmed")


def test_read_only_token_cannot_write(app: Flask, make: Factory) -> None:
    token = issue_token(app, make.user("ann"), read_only=True)

    for method in ("GET", "HEAD"):
        assert request_with(app, token, method=method).status_code == 200
    for method, path in (("POST", "/posts/"), ("PATCH", "/me"), ("DELETE", "/tokens/")):
        response = request_with(app, token, path, method)
        assert (response.status_code, response.get_json()["reason"]) == (403, "read_only_token")


def test_token_is_invalid_after_a_password_change(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    token = issue_token(app, ann)
    update_user(app, ann, password="another long sentence")

    assert request_with(app, token).status_code == 401


def test_expired_token_is_invalid(app: Flask, make: Factory) -> None:
    token = issue_token(app, make.user("ann"))
    with app.app_context():
        db.session.execute(db.update(AccessToken).values(expires_at=utcnow()))
        db.session.commit()

    assert request_with(app, token).status_code == 401


def test_request_updates_last_used_and_last_seen_at_most_once_a_minute(
    app: Flask, make: Factory
) -> None:
    ann = make.user("ann")
    token = issue_token(app, ann)
    past = utcnow().replace(year=2020)
    update_user(app, ann, last_seen=past)

    request_with(app, token)
    with record_statements(app) as statements:
        request_with(app, token)

    assert not [sql for sql in statements if sql.startswith(("UPDATE", "INSERT"))]
    assert request_with(app, token, "/tokens/").get_json()["tokens"][0]["last_used_at"]
    with app.app_context():
        assert db.session.get_one(User, ann.id).last_seen > past


def test_token_is_not_logged(app: Flask, make: Factory, caplog: pytest.LogCaptureFixture) -> None:
    token = issue_token(app, make.user("ann"))
    with caplog.at_level(logging.DEBUG):
        request_with(app, token)
        request_with(app, token[:-1] + "?")

    assert token[:-1] not in caplog.text
