"""Posts: create, retrieve, update and delete them."""

import pytest
from flask import Flask

from app.models import Comment, Post
from tests.support.api_client import ApiClient
from tests.support.factories import Factory
from tests.support.rows import count_rows


def test_post_is_created_retrieved_updated_and_deleted(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    client = ApiClient(app, ann)

    response = client.post("/posts/", {"body": "*One*"})

    post = response.get_json()
    path = f"/posts/{post['id']}"
    assert response.status_code == 201
    assert response.headers["Location"] == post["url"] == f"http://localhost/api/v1{path}"
    assert (post["body"], post["author"], post["comment_count"]) == ("*One*", "ann", 0)
    assert "<em>One</em>" in post["body_html"]
    assert post["author_url"].endswith(f"/api/v1/users/{ann.id}")
    assert post["comments_url"] == post["url"] + "/comments/"
    assert ApiClient(app).get(path).get_json() == post
    assert client.put(path, {"body": "**Two**"}).get_json()["body"] == "**Two**"
    assert "<strong>Two</strong>" in client.get(path).get_json()["body_html"]
    make.comment(ann, post["id"])
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert (count_rows(app, Post), count_rows(app, Comment)) == (0, 0)


def test_post_body_is_limited(app: Flask, make: Factory) -> None:
    client = ApiClient(app, make.user("ann"))

    assert client.post("/posts/", {"body": "x" * 20_000}).status_code == 201
    assert client.post("/posts/", {"body": "x" * 20_001}).status_code == 400


@pytest.mark.parametrize("part", ["[]()", "*\n+\n", "<a@b>"])
def test_text_with_too_much_formatting_is_refused(app: Flask, make: Factory, part: str) -> None:
    ann = make.user("ann")
    client, post = ApiClient(app, ann), make.post(ann)
    text, comment = part * (20_000 // len(part)), part * (5_000 // len(part))

    responses = [
        client.post("/posts/", {"body": text}),
        client.put(f"/posts/{post}", {"body": text}),
        client.post(f"/posts/{post}/comments/", {"body": comment}),
    ]

    for response in responses:
        assert response.status_code == 400
        [error] = response.get_json()["errors"]
        assert error["field"] == "body"
        assert "too much formatting" in error["message"]
    assert (count_rows(app, Post), count_rows(app, Comment)) == (1, 0)


def test_other_users_cannot_update_or_delete_a_post(app: Flask, make: Factory) -> None:
    path = f"/posts/{make.post(make.user('ann'))}"
    other = ApiClient(app, make.user("bob"))

    assert other.put(path, {"body": "x"}).status_code == 403
    assert other.delete(path).status_code == 403
