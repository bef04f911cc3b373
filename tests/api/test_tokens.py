"""Tokens: create, list and revoke them."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.deletion import delete_user
from app.extensions import db
from app.models import AccessToken, IdempotencyKey, User
from tests.support.api_client import ApiClient, issue_token
from tests.support.app_factory import make_app
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.factories import PASSWORD, Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.rows import count_rows

pytestmark = pytest.mark.both_databases


def create(app: Flask, email: str, password: str = PASSWORD, **body: Any) -> TestResponse:
    return ApiClient(app).post("/tokens/", {"name": "phone", **body}, auth=(email, password))


def status_with(app: Flask, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return ApiClient(app).get("/me", headers=headers).status_code


def client_of(app: Flask, user: UserData, name: str) -> ApiClient:
    client = ApiClient(app)
    client.token = issue_token(app, user, name)
    return client


def test_token_is_created_with_email_and_password(app: Flask, make: Factory) -> None:
    ann = make.user("ann")

    response = create(app, " ANN@example.com ", name=" phone ", read_only=True)

    created = response.get_json()
    assert response.status_code == 201
    assert response.headers["Location"].endswith(f"/api/v1/tokens/{created['id']}")
    assert response.cache_control.no_store
    assert (created["name"], created["read_only"]) == ("phone", True)
    listed = ApiClient(app, ann).get(f"/tokens/{created['id']}").get_json()
    assert listed == {name: value for name, value in created.items() if name != "token"}
    assert status_with(app, created["token"]) == 200


def test_secret_is_neither_stored_nor_listed(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    secret = create(app, ann.email).get_json()["token"]

    listed = ApiClient(app, ann).get("/tokens/").text

    assert secret not in listed
    with app.app_context():
        row = db.session.execute(db.select(AccessToken.__table__)).first()
    assert secret.removeprefix("flasky_") not in str(row)


def test_wrong_credentials_are_401(app: Flask, make: Factory) -> None:
    make.user("ann")
    credentials = [
        ("ann@example.com", "wrong"), ("nobody@example.com", "x"), ("", ""),
        ("a\0b@example.com", PASSWORD), ("\0", PASSWORD), ("ann\0", PASSWORD),
    ]  # fmt: skip

    headers = [
        f"Basic {base64.b64encode(':'.join(pair).encode()).decode()}" for pair in credentials
    ]
    for header in [*headers, "Basic \xe9", "Basic \x80:x", "Digest x", "\xff", ""]:
        response = ApiClient(app).post(
            "/tokens/", {"name": "x"}, headers={"Authorization": header}
        )
        assert (response.status_code, response.get_json()["reason"]) == (
            401,
            "invalid_credentials",
        )
        assert response.headers["WWW-Authenticate"] == 'Basic realm="api"'


def test_unconfirmed_account_fails_like_an_unknown_one(app: Flask, make: Factory) -> None:
    """Otherwise registering someone's email address would reveal if it had an account."""
    unconfirmed = make.user("unconfirmed", confirmed=False)

    first, second = (create(app, email) for email in (unconfirmed.email, "no@example.com"))

    assert first.status_code == second.status_code == 401
    assert first.get_json()["detail"] == second.get_json()["detail"]


def test_token_cannot_create_another_token(app: Flask, make: Factory) -> None:
    token = issue_token(app, make.user("ann"))

    assert create(app, token, "").status_code == 401
    headers = {"Authorization": f"Bearer {token}"}
    assert ApiClient(app).post("/tokens/", {"name": "x"}, headers=headers).status_code == 401


def test_invalid_names_and_days_are_rejected(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    bodies: list[dict[str, Any]] = [
        {"name": "x\x1b[31mred"}, {"name": "two\nlines"}, {"name": "\x7f"}, {"name": " "},
        {"name": "x" * 65}, {"days": 0}, {"days": 3651}, {"days": 1.5}, {"days": "1"},
        {"days": True}, {"read_only": 1},
    ]  # fmt: skip

    for body in bodies:
        assert create(app, ann.email, **body).status_code == 400, body
    for days in (1, 2.0, 3650, None):
        assert create(app, ann.email, days=days).status_code == 201


def test_lifetime_is_the_setting_or_the_given_days(app: Flask, make: Factory) -> None:
    ann = make.user("ann")

    for given, days in ((None, 30), (2, 2)):
        token = create(app, ann.email, days=given).get_json()["id"]
        with app.app_context():
            row = db.session.get_one(AccessToken, token)
            assert row.expires_at - row.timestamp - timedelta(days=days) < timedelta(seconds=5)
            assert row.expires_at - row.timestamp > timedelta(days=days - 1)


def test_revoking_one_token_keeps_the_others(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    clients = [client_of(app, ann, name) for name in ("one", "two")]
    other = ApiClient(app, bob)
    ids = {token["name"]: token["id"] for token in clients[0].get("/tokens/").get_json()["tokens"]}

    assert other.get(f"/tokens/{ids['two']}").status_code == 404
    assert other.delete(f"/tokens/{ids['two']}").status_code == 404
    assert clients[0].delete(f"/tokens/{ids['two']}").status_code == 204

    statuses = [client.get("/me").status_code for client in (*clients, other)]
    assert statuses == [200, 401, 200]


def test_revoking_all_tokens_keeps_those_of_other_users(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    clients = [ApiClient(app, ann), ApiClient(app, ann)]
    other = ApiClient(app, bob)

    assert clients[0].delete("/tokens/").status_code == 204

    statuses = [client.get("/me").status_code for client in (*clients, other)]
    assert statuses == [401, 401, 200]


def test_invalid_tokens_are_deleted_when_a_new_one_is_created(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    issue_token(app, ann)
    with app.app_context():
        db.session.get_one(User, ann.id).password = "another long sentence"
        db.session.commit()
    issue_token(app, ann)

    assert count_rows(app, AccessToken) == 1


def test_number_of_tokens_is_limited(
    app: Flask, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AccessToken, "MAX_PER_USER", 2)
    ann, bob = make.user("ann"), make.user("bob")

    responses = [create(app, ann.email) for _ in range(3)]

    assert [response.status_code for response in responses] == [201, 201, 409]
    problem = responses[-1].get_json()
    assert problem["reason"] == "too_many_tokens"
    assert problem["detail"] == "You have 2 tokens. Revoke one first."
    assert create(app, bob.email).status_code == 201


def test_tokens_and_keys_are_deleted_with_their_user(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    ApiClient(app, ann).post("/posts/", {"body": "x"}, headers={"Idempotency-Key": "k"})

    with app.app_context():
        delete_user(db.session.get_one(User, ann.id))
        db.session.commit()

    assert (count_rows(app, AccessToken), count_rows(app, IdempotencyKey)) == (0, 0)


def test_password_attempts_are_rate_limited() -> None:
    client = make_app(RATELIMIT_LOGIN="2 per minute").test_client()

    responses = [client.post("/api/v1/tokens/", json={"name": "x"}) for _ in range(3)]

    assert [response.status_code for response in responses] == [401, 401, 429]


def test_second_factor_is_required(app: Flask, make: Factory, phone: AuthenticatorApp) -> None:
    ann = make.user("ann")
    phone.add_to(app, ann)

    reasons = []
    for code in (None, "", "000000", phone.next_code(), phone.code()):
        response = create(app, ann.email, **({} if code is None else {"code": code}))
        reasons.append((response.status_code, response.get_json().get("reason")))

    required, invalid = (401, "code_required"), (401, "invalid_code")
    assert reasons == [required, required, invalid, (201, None), invalid]
    assert count_rows(app, AccessToken) == 1
    assert create(app, ann.email, "wrong", code=phone.next_code()).get_json()["reason"] == (
        "invalid_credentials"
    )


def test_codes_are_limited_on_pages_and_api_together(
    app: Flask, make: Factory, phone: AuthenticatorApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_CODE", "2 per hour")
    ann, client = make.user("ann"), SiteClient(app)
    phone.add_to(app, ann)
    for _ in range(3):
        create(app, ann.email, "wrong", code="000000")  # not counted
    page = client.submit("/auth/login", {"email": ann.email, "password": ann.password})
    client.send(page, {"code": "000000"})

    statuses = [create(app, ann.email, code=code).status_code for code in ("000000", "000000")]

    assert statuses == [401, 429]
    assert client.send(page, {"code": phone.next_code()}).status == 429
