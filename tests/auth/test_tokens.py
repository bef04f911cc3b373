"""The page of API tokens: creating and revoking them."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from app.extensions import db
from app.models import AccessToken
from tests.support.api_client import ApiClient, issue_token
from tests.support.factories import Factory, UserData
from tests.support.http_client import Page, SiteClient

PAGE = "/auth/tokens"
ALL = "/auth/tokens/revocation"
SECRET = re.compile(r"flasky_[\w-]{43}")


def create_token(client: SiteClient, user: UserData, **fields: str) -> Page:
    return client.submit(PAGE, {"name": "Phone", "password": user.password, **fields})


def works(app: Flask, secret: str) -> bool:
    headers = {"Authorization": f"Bearer {secret}"}
    return ApiClient(app).get("/me", headers=headers).status_code == 200


def test_token_is_shown_once_and_works(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")

    page = create_token(client.log_in(ann), ann)

    [secret] = SECRET.findall(page.html)
    assert works(app, secret)
    assert "no-store" in page.response.headers["Cache-Control"]
    page = client.open(PAGE)
    assert "Phone" in page.text
    assert not SECRET.search(page.html)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": " "}, "This field is required"),
        ({"name": "x" * 65}, "Use at most 64 characters"),
        ({"days": "0"}, "from 1 to 3650"),
        ({"days": "x"}, "following: Expires in (days) – Enter a number from 1 to 3650."),
        ({"days": ""}, "from 1 to 3650"),
        ({"password": "wrong"}, "Incorrect password"),
    ],
)
def test_invalid_form_creates_no_token(
    app: Flask, make: Factory, client: SiteClient, fields: dict[str, str], error: str
) -> None:
    ann = make.user("ann")

    page = create_token(client.log_in(ann), ann, **fields)

    assert error in page.text
    with app.app_context():
        assert db.session.scalars(db.select(AccessToken)).all() == []


def test_token_has_the_submitted_options(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")

    page = create_token(client.log_in(ann), ann, days="7", read_only="y")

    assert "Read-only" in page.text
    with app.app_context():
        [token] = db.session.scalars(db.select(AccessToken))
        assert token.read_only
        lifetime = token.expires_at - token.timestamp
        assert abs(lifetime - timedelta(days=7)) < timedelta(seconds=5)


def test_number_of_tokens_is_limited(
    app: Flask, make: Factory, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AccessToken, "MAX_PER_USER", 2)
    ann = make.user("ann")
    client.log_in(ann)
    for _ in range(2):
        assert SECRET.search(create_token(client, ann).html)

    page = create_token(client, ann, name="Third")

    assert "You have too many tokens. Revoke one first." in page.text
    assert page.form_with({"name"}).fields["name"] == "Third"
    assert not SECRET.search(page.html)
    client.submit(ALL, {}, ALL)
    assert SECRET.search(create_token(client, ann).html)


def test_one_or_all_tokens_are_revoked(app: Flask, make: Factory, client: SiteClient) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    secrets = [issue_token(app, ann, name) for name in ("one", "two", "three")]
    other = issue_token(app, bob)
    page = client.log_in(ann).open(PAGE)
    [last, *_rest] = [form for form in page.forms if re.search(r"/\d+/revocation", form.action)]

    client.send(page, {}, last.action)
    assert [works(app, secret) for secret in secrets] == [True, True, False]

    assert ALL in client.open(PAGE).links
    page = client.open(ALL)
    assert [works(app, secret) for secret in secrets] == [True, True, False]
    client.send(page, {}, ALL)
    assert [works(app, secret) for secret in (*secrets, other)] == [False, False, False, True]


def test_user_cannot_revoke_the_token_of_another_user(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    secret = issue_token(app, make.user("ann"))
    with app.app_context():
        token_id = db.session.scalars(db.select(AccessToken.id)).one()

    client.log_in(make.user("bob")).post(f"/auth/tokens/{token_id}/revocation")

    assert works(app, secret)


def test_password_change_revokes_tokens(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    secret = issue_token(app, ann)
    new = "another long sentence"

    client.log_in(ann).submit(
        "/auth/change-password", {"old_password": ann.password, "password": new, "password2": new}
    )

    assert not works(app, secret)
