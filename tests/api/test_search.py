"""Searching by the API."""

import pytest
from flask import Flask

from tests.support.api_client import ApiClient
from tests.support.factories import Factory


def test_posts_and_comments_are_found_page_by_page(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    posts = [make.post(ann, f"*word* {number}") for number in range(3)]
    comment = make.comment(ann, posts[0], "<i>a word</i>")
    client = ApiClient(app)

    first = client.get("/search/posts/?q=WORD&limit=2").get_json()
    second = client.get(first["next_url"].partition("/api/v1")[2]).get_json()
    comments = client.get("/search/comments/?q=word").get_json()["comments"]

    assert [post["id"] for post in first["posts"] + second["posts"]] == posts[::-1]
    assert first["posts"][0]["excerpt_html"] == "<mark>word</mark> 2"
    assert second["next_url"] is None
    assert [found["id"] for found in comments] == [comment]
    assert comments[0]["excerpt_html"] == "&lt;i&gt;a <mark>word</mark>&lt;/i&gt;"


def test_users_are_found_without_muted_ones(app: Flask, make: Factory) -> None:
    ann, muted = make.user("ann", name="Ann"), make.user("anton")
    make.mute(ann, muted)

    def found(client: ApiClient, query: str) -> list[str]:
        users = client.get(f"/search/users/?{query}").get_json()["users"]
        return [user["username"] for user in users]

    assert found(ApiClient(app), "q=an") == ["ann", "anton"]
    assert found(ApiClient(app), "q=an&limit=1") == ["ann"]
    assert found(ApiClient(app, ann), "q=an") == ["ann"]
    assert found(ApiClient(app), "") == []


@pytest.mark.parametrize("kind", ["posts", "comments", "users"])
def test_long_queries_are_rejected_and_empty_ones_find_nothing(app: Flask, kind: str) -> None:
    client = ApiClient(app)

    assert client.get(f"/search/{kind}/?q={'x' * 101}").status_code == 400
    assert client.get(f"/search/{kind}/").get_json()[kind] == []
    assert client.get(f"/search/{kind}/?q=!!!").get_json()[kind] == []
