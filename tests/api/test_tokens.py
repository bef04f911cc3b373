"""Tokens: obtaining, using and ending them."""

import base64
import logging
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.models import AccessToken, IdempotencyKey, User, delete_user, utcnow
from tests.api.program import Program, token_of
from tests.databases import counted_statements
from tests.factories import Factory, Person
from tests.reader import Reader
from tests.rows import number_of

pytestmark = pytest.mark.slow  # they are many


def obtain(app: Flask, name: str, password: str, **body: Any) -> Any:
    return Program(app).post("/tokens/", {"name": "phone", **body}, auth=(name, password))


def use(app: Flask, token: str, path: str = "/me", method: str = "GET") -> Any:
    return Program(app).send(method, path, headers={"Authorization": f"Bearer {token}"})


def test_address_and_password_obtain_a_token_that_works(app: Flask, make: Factory) -> None:
    ann = make.user("ann")

    answer = obtain(app, " ANN@example.com ", ann.password)

    made = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Location"].endswith(f"/api/v1/tokens/{made['id']}")
    assert answer.cache_control.no_store
    assert use(app, made["token"]).get_json()["username"] == "ann"


def test_token_is_kept_as_a_digest_and_shown_once(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    secret = obtain(app, ann.email, ann.password).get_json()["token"]

    shown = use(app, secret, "/tokens/")

    assert secret not in shown.get_data(as_text=True)
    with app.app_context():
        row = db.session.execute(db.select(AccessToken.__table__)).one()
    assert secret not in map(str, row)
    assert secret.removeprefix("flasky_") not in str(tuple(row))


@pytest.mark.parametrize(
    ("name", "password"),
    [("ann@example.com", "wrong"), ("nobody@example.com", "x"), ("", ""), ("unsure", "x")],
)
def test_wrong_password_is_a_401(app: Flask, make: Factory, name: str, password: str) -> None:
    make.user("ann")

    answer = obtain(app, name, password)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_account_that_nobody_confirmed_fails_like_an_unknown_one(
    app: Flask, make: Factory
) -> None:
    """Registering a stranger's address must not tell whether the stranger had an account."""
    unsure = make.user("unsure", confirmed=False)

    first, second = (
        obtain(app, address, unsure.password) for address in (unsure.email, "no@example.com")
    )

    assert first.status_code == second.status_code == 401
    assert first.get_json()["detail"] == second.get_json()["detail"]


def test_password_is_good_for_nothing_else(app: Flask, make: Factory) -> None:
    ann = make.user("ann")

    answer = Program(app).get("/me", auth=(ann.email, ann.password))

    assert (answer.status_code, answer.get_json()["reason"]) == (401, "password_not_accepted")


def test_token_may_be_sent_as_the_name_without_a_password(app: Flask, make: Factory) -> None:
    token = token_of(app, make.user("ann"))

    assert Program(app).get("/me", auth=(token, "")).get_json()["username"] == "ann"


def test_token_obtains_no_other_token(app: Flask, make: Factory) -> None:
    token = token_of(app, make.user("ann"))

    for options in ({"auth": (token, "")}, {"headers": {"Authorization": f"Bearer {token}"}}):
        answer = Program(app).post("/tokens/", {"name": "x"}, **options)
        assert answer.status_code == 401


HEADERS = [
    *(
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic",
        "Basic !!",
        "Digest x",
        "token",
        "Bearer \xe9",
    ),
    "Basic " + base64.b64encode(b":").decode(),
    "Basic " + base64.b64encode(b"\xff\xfe:").decode(),
    "Bearer " + "x" * 8000,
]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("path", ["/me", "/posts/"])
def test_authorization_that_is_none_is_refused_on_open_addresses_too(
    app: Flask, header: str, path: str
) -> None:
    answer = Program(app).get(path, headers={"Authorization": header})

    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers


def test_cookie_of_a_session_counts_for_nothing(app: Flask, make: Factory) -> None:
    """So that no page of another site can use it: there is no token against forgery here."""
    ann = make.user("ann")
    reader = Reader(app).log_in(ann, remember_me="y")
    post = make.post(ann)

    assert reader.client.get("/api/v1/me").status_code == 401
    assert reader.client.post("/api/v1/posts/", json={"body": "x"}).status_code == 401
    assert reader.client.delete(f"/api/v1/posts/{post}").status_code == 401
    answer = reader.client.get("/api/v1/posts/")
    assert answer.headers.getlist("Set-Cookie") == []
    assert "cookie" not in answer.vary
    assert reader.open("/").text.count("ann"), "the session lives on"


def test_token_counts_for_nothing_on_pages(app: Flask, make: Factory) -> None:
    token = token_of(app, make.user("ann"))

    answer = app.test_client().get("/edit-profile", headers={"Authorization": f"Bearer {token}"})

    assert "/auth/login" in answer.headers["Location"]


def test_token_of_an_account_that_was_disabled_is_refused_with_the_reason(
    app: Flask, make: Factory
) -> None:
    ann = make.user("ann")
    token = token_of(app, ann)
    change(app, ann, confirmed=False)

    for path in ("/me", "/posts/"):
        answer = use(app, token, path)
        assert (answer.status_code, answer.get_json()["reason"]) == (403, "unconfirmed")


def test_read_only_token_reads(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    secret = obtain(app, ann.email, ann.password, read_only=True).get_json()["token"]

    refused = use(app, secret, "/tokens/", "DELETE")

    assert use(app, secret).status_code == 200
    assert (refused.status_code, refused.get_json()["reason"]) == (403, "read_only_token")


def test_tokens_die_with_the_password(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    token = token_of(app, ann)
    change(app, ann, password="another long sentence")

    assert use(app, token).status_code == 401


def test_token_expires(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    token = token_of(app, ann)
    with app.app_context():
        db.session.execute(db.update(AccessToken).values(expires_at=utcnow()))
        db.session.commit()

    assert use(app, token).status_code == 401


@pytest.mark.parametrize(("asked", "days"), [({}, 30), ({"days": 2}, 2)])
def test_token_lasts_as_set_or_asked(
    app: Flask, make: Factory, asked: dict[str, int], days: int
) -> None:
    ann = make.user("ann")

    obtain(app, ann.email, ann.password, **asked)

    with app.app_context():
        row = db.session.scalars(db.select(AccessToken)).one()
        assert abs(row.expires_at - row.timestamp - timedelta(days=days)) < timedelta(seconds=5)


def test_one_token_is_ended_and_the_others_live(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    tokens = [token_of(app, ann, name) for name in ("one", "two")]
    other = token_of(app, bob)
    listed = use(app, tokens[0], "/tokens/").get_json()["tokens"]
    ids = {one["name"]: one["id"] for one in listed}

    assert use(app, other, f"/tokens/{ids['two']}", "DELETE").status_code == 404
    assert use(app, tokens[0], f"/tokens/{ids['two']}", "DELETE").status_code == 204

    assert [use(app, token).status_code for token in (*tokens, other)] == [200, 401, 200]


def test_all_tokens_are_ended_at_once_and_nobody_elses(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    tokens, other = [token_of(app, ann) for _ in range(2)], token_of(app, bob)

    assert use(app, tokens[0], "/tokens/", "DELETE").status_code == 204

    assert [use(app, token).status_code for token in (*tokens, other)] == [401, 401, 200]


def test_use_is_noted_once_a_minute(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    token = token_of(app, ann)
    use(app, token)

    with counted_statements(app) as statements:
        use(app, token)

    assert not [one for one in statements if one.startswith(("UPDATE", "INSERT"))]
    assert use(app, token, "/tokens/").get_json()["tokens"][0]["last_used_at"]


def test_tokens_that_died_are_forgotten_when_a_new_one_is_made(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    token_of(app, ann)
    change(app, ann, password="another long sentence")
    token_of(app, ann)

    with app.app_context():
        assert len(db.session.scalars(db.select(AccessToken)).all()) == 1


def test_tokens_and_keys_go_with_their_owner(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    Program(app, ann).post("/posts/", {"body": "x"}, headers={"Idempotency-Key": "k"})

    with app.app_context():
        delete_user(db.session.get_one(User, ann.id))
        db.session.commit()

    assert (number_of(app, AccessToken), number_of(app, IdempotencyKey)) == (0, 0)


def test_token_is_in_no_line_of_the_log(
    app: Flask, make: Factory, caplog: pytest.LogCaptureFixture
) -> None:
    token = token_of(app, make.user("ann"))
    with caplog.at_level(logging.DEBUG):
        use(app, token)
        use(app, token[:-1] + "?")

    assert token not in caplog.text


def change(app: Flask, person: Person, **columns: Any) -> None:
    with app.app_context():
        user = db.session.get_one(User, person.id)
        for name, value in columns.items():
            setattr(user, name, value)
        db.session.commit()
