"""Idempotency-Key: a repeated request creates its resource only once."""

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask

from app.extensions import db
from app.models import Comment, IdempotencyKey, Post
from tests.support.api_client import ApiClient
from tests.support.concurrency import run_concurrently
from tests.support.factories import Factory
from tests.support.rows import count_rows

pytestmark = pytest.mark.both_databases

KEY = {"Idempotency-Key": "k"}


def expire_keys(app: Flask) -> None:
    with app.app_context():
        for row in db.session.scalars(db.select(IdempotencyKey)):
            row.timestamp -= timedelta(hours=24)
        db.session.commit()


def test_repeated_request_creates_once_and_gets_the_same_response(
    app: Flask, make: Factory
) -> None:
    ann = make.user("ann")
    client, post = ApiClient(app, ann), make.post(ann)

    for path in ("/posts/", f"/posts/{post}/comments/"):
        headers = {"Idempotency-Key": path}
        urls = (path, path, path.removesuffix("/"))
        responses = [client.post(url, {"body": "x"}, headers=headers) for url in urls]
        assert [response.status_code for response in responses] == [201] * 3
        assert len({response.data for response in responses}) == 1
        for header in ("ETag", "Location"):
            assert len({response.headers[header] for response in responses}) == 1

    assert (count_rows(app, Post), count_rows(app, Comment)) == (2, 1)


def test_key_is_bound_to_a_user_and_to_a_request(app: Flask, make: Factory) -> None:
    ann, bob = ApiClient(app, make.user("ann")), ApiClient(app, make.user("bob"))
    ann.post("/posts/", {"body": "One"}, headers=KEY)

    reused = ann.post("/posts/", {"body": "Two"}, headers=KEY)

    assert reused.status_code == 422
    assert reused.get_json()["reason"] == "idempotency_key_reused"
    assert bob.post("/posts/", {"body": "One"}, headers=KEY).status_code == 201
    assert count_rows(app, Post) == 2


def test_failed_request_does_not_use_up_its_key(app: Flask, make: Factory) -> None:
    client = ApiClient(app, make.user("ann"))

    assert client.post("/posts/1/comments/", {"body": "x"}, headers=KEY).status_code == 404
    assert count_rows(app, IdempotencyKey) == 0


def test_key_expires_after_24_hours(app: Flask, make: Factory) -> None:
    client = ApiClient(app, make.user("ann"))
    client.post("/posts/", {"body": "x"}, headers=KEY)
    expire_keys(app)

    client.post("/posts/", {"body": "x"}, headers=KEY)

    assert (count_rows(app, Post), count_rows(app, IdempotencyKey)) == (2, 1)


def test_repeated_request_returns_the_current_state_of_the_resource(
    app: Flask, make: Factory
) -> None:
    ann = make.user("ann")
    client = ApiClient(app, ann)
    path = f"/posts/{make.post(ann)}/comments/"
    comment = client.post(path, {"body": "rude"}, headers=KEY).get_json()["id"]

    ApiClient(app, make.user("mod", "Moderator")).put(f"/comments/{comment}/suspension")
    repeated = client.post(path, {"body": "rude"}, headers=KEY)
    assert (repeated.status_code, repeated.get_json()["body"]) == (201, None)

    client.delete(f"/comments/{comment}")
    deleted = client.post(path, {"body": "rude"}, headers=KEY)
    assert (deleted.status_code, deleted.get_json()["reason"]) == (422, "deleted")


def test_key_of_a_deleted_resource_never_returns_another(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    client, post = ApiClient(app, ann), make.post(ann)
    for path in ("/posts/", f"/posts/{post}/comments/"):
        headers = {"Idempotency-Key": path}
        deleted = client.post(path, {"body": "first"}, headers=headers).get_json()
        client.delete(deleted["url"].removeprefix("http://localhost"))
        client.post(path, {"body": "second"})

        repeated = client.post(path, {"body": "first"}, headers=headers)

        assert (repeated.status_code, repeated.get_json()["reason"]) == (422, "deleted")


def test_invalid_key_is_rejected(app: Flask, make: Factory) -> None:
    client = ApiClient(app, make.user("ann"))

    for key in ("", " ", "a b", "x" * 256, "é"):
        response = client.post("/posts/", {"body": "x"}, headers={"Idempotency-Key": key})
        assert response.status_code == 400, key
        assert response.get_json()["reason"] == "invalid_idempotency_key"
    longest = {"Idempotency-Key": "x" * 255}
    assert client.post("/posts/", {"body": "x"}, headers=longest).status_code == 201


def test_concurrent_requests_with_the_same_key_create_once(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    clients = [ApiClient(app, ann) for _ in range(2)]

    for number in range(4):
        headers = {"Idempotency-Key": f"key-{number}"}
        requests = [
            partial(client.post, "/posts/", {"body": "x"}, headers=headers) for client in clients
        ]
        responses = run_concurrently(*requests)
        assert [response.status_code for response in responses] == [201, 201]
        assert responses[0].get_json() == responses[1].get_json()
        assert count_rows(app, Post) == number + 1
