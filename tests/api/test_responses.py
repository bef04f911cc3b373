"""ETags, If-None-Match and If-Match."""

from functools import partial

import pytest
from flask import Flask
from werkzeug.exceptions import NotFound

from app.api.openapi import routes
from app.api.posts import get_one
from app.api.responses import ResponseBody, require_match, respond
from app.extensions import db
from app.models import Post
from tests.support.api_client import ApiClient
from tests.support.concurrency import run_concurrently
from tests.support.factories import Factory


def test_unchanged_response_is_304(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    client, post = ApiClient(app, ann), make.post(ann)

    for path in (f"/posts/{post}", "/posts/", "/me", f"/users/{ann.id}", "/tokens/"):
        etag = client.get(path).headers["ETag"]
        response = client.get(path, headers={"If-None-Match": etag})
        assert (response.status_code, response.headers["ETag"]) == (304, etag)

    etag = client.get(f"/posts/{post}").headers["ETag"]
    make.comment(ann, post)  # changes comment_count
    assert client.get(f"/posts/{post}", headers={"If-None-Match": etag}).status_code == 200


def test_update_and_deletion_of_another_version_are_412(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    client, path = ApiClient(app, ann), f"/posts/{make.post(ann, 'One')}"
    outdated = {"If-Match": client.get(path).headers["ETag"]}

    updated = client.put(path, {"body": "Two"}, headers=outdated)

    assert updated.status_code == 200
    assert client.put(path, {"body": "Three"}, headers=outdated).status_code == 412
    assert client.delete(path, headers=outdated).status_code == 412
    assert client.get(path).get_json()["body"] == "Two"
    etag = client.get(path).headers["ETag"]
    assert etag == updated.headers["ETag"]
    for accepted in (etag, f'"other", {etag}', f"W/{etag}", "*"):  # W/: weakened by a proxy
        headers = {"If-Match": accepted}
        assert client.put(path, {"body": "Two"}, headers=headers).status_code == 200


def test_malformed_if_match_is_412(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    client, path = ApiClient(app, ann), f"/posts/{make.post(ann, 'One')}"

    for etag in ("", "x", 'W/"x"', '"', ",,,", '"x", ""', 'W/""'):
        response = client.put(path, {"body": "x"}, headers={"If-Match": etag})
        assert response.status_code == 412, etag


def test_every_conditional_endpoint_checks_if_match(app: Flask, make: Factory) -> None:
    administrator = make.user("root", "Administrator")
    post = make.post(administrator)
    ids = {"/posts": post, "/comments": make.comment(administrator, post)}
    client, headers = ApiClient(app, administrator), {"If-Match": '"other"'}
    conditional = [route for route in routes(app) if route.spec.conditional]

    assert len(conditional) == 7
    for route in conditional:
        path = route.path.replace("{id}", str(ids.get(f"/{route.path.split('/')[1]}")))
        body = {} if route.path == "/me" else {"body": "x"}
        response = client.send(route.method, path, json=body, headers=headers)
        assert response.status_code == 412, route.endpoint


def test_if_match_ignores_counters_and_last_seen(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    client, other, post = ApiClient(app, ann), ApiClient(app, bob), make.post(ann)
    headers = {
        path: {"If-Match": client.get(path).headers["ETag"]} for path in ("/me", f"/posts/{post}")
    }

    other.post(f"/posts/{post}/comments/", {"body": "x"})
    other.put(f"/me/following/{ann.id}")

    for method, path, body in (
        ("PUT", f"/posts/{post}", {"body": "y"}),
        ("PATCH", "/me", {"name": "y"}),
    ):
        assert client.send(method, path, json=body, headers=headers[path]).status_code == 200


def test_row_that_was_deleted_since_it_was_loaded_is_404(app: Flask, make: Factory) -> None:
    post_id = make.post(make.user("ann"))

    with app.test_request_context("/api/v1/posts/1", headers={"If-Match": "*"}):
        post = db.session.get_one(Post, post_id)
        with app.app_context():
            db.session.execute(db.delete(Post))
            db.session.commit()
        with pytest.raises(NotFound):
            require_match(post, get_one)


@pytest.mark.both_databases
@pytest.mark.parametrize("resource", ["post", "me"])
def test_one_of_two_concurrent_updates_is_412(app: Flask, make: Factory, resource: str) -> None:
    ann = make.user("ann")
    path = f"/posts/{make.post(ann)}" if resource == "post" else "/me"
    field, method = ("body", "PUT") if resource == "post" else ("name", "PATCH")
    clients = [ApiClient(app, ann) for _ in range(2)]

    for number in range(4):
        headers = {"If-Match": clients[0].get(path).headers["ETag"]}
        texts = [f"{number} {name}" for name in "ab"]
        requests = [
            partial(client.send, method, path, json={field: text}, headers=headers)
            for client, text in zip(clients, texts, strict=True)
        ]
        statuses = [response.status_code for response in run_concurrently(*requests)]
        assert sorted(statuses) == [200, 412]
        assert clients[0].get(path).get_json()[field] == texts[statuses.index(200)]


def test_undeclared_response_body_is_a_type_error(app: Flask) -> None:
    class Other(ResponseBody):
        """A response body of another endpoint."""

    class Declared(ResponseBody):
        """The declared response body."""

    with app.test_request_context("/api/v1/me"):
        for schema in (Declared, None):
            with pytest.raises(TypeError, match=r"api\.me returned Other, not"):
                respond(200, schema, Other())
