"""Block and mute users; lists without them."""

import pytest
from flask import Flask

from app.models import HiddenUser
from tests.support.api_client import ApiClient
from tests.support.factories import Factory
from tests.support.rows import count_rows


@pytest.mark.parametrize("kind", ["blocked", "muted"])
def test_block_and_mute_are_idempotent_and_listed(app: Flask, make: Factory, kind: str) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    client, other = ApiClient(app, ann), ApiClient(app, bob)
    path = f"/me/{kind}/{bob.id}"

    for _ in range(2):
        assert client.put(path).status_code == 204
    [user] = client.get(f"/me/{kind}/").get_json()["users"]
    assert (user["id"], user["username"]) == (bob.id, "bob")
    assert user["url"].endswith(f"/users/{bob.id}")
    assert other.get(f"/me/{kind}/").get_json()["users"] == []
    assert other.delete(f"/me/{kind}/{ann.id}").status_code == 204
    assert count_rows(app, HiddenUser) == 1
    for _ in range(2):
        assert client.delete(path).status_code == 204
    assert client.get(f"/me/{kind}/").get_json()["users"] == []


def test_lists_leave_out_hidden_users(app: Flask, make: Factory) -> None:
    ann, bob, cat = (make.user(name) for name in ("ann", "bob", "cat"))
    post = make.post(cat)
    for user in (ann, bob):
        make.post(user)
        make.comment(user, post)
    make.follow(ann, bob)
    clients = {user.username: ApiClient(app, user) for user in (ann, bob)}

    def authors(reader: str) -> list[set[str]]:
        lists = [
            *((path, "posts") for path in ("/posts/", f"/users/{ann.id}/posts/")),
            *((f"/posts/{post}/comments/", "comments"), ("/comments/", "comments")),
        ]
        pages = [(clients[reader].get(path).get_json(), key) for path, key in lists]
        return [{row["author"] for row in page[key]} for page, key in pages]

    clients["ann"].put(f"/me/muted/{bob.id}")
    assert authors("ann") == [{"ann", "cat"}, {"ann"}, {"ann"}, {"ann"}]
    assert authors("bob") == [{"ann", "bob", "cat"}, {"ann"}, {"ann", "bob"}, {"ann", "bob"}]
    timeline = clients["ann"].get(f"/users/{ann.id}/timeline/").get_json()["posts"]
    assert {row["author"] for row in timeline} == {"ann"}
    clients["ann"].put(f"/me/blocked/{bob.id}")
    assert authors("ann") == [{"ann", "cat"}, {"ann"}, {"ann"}, {"ann"}]
    assert authors("bob") == [{"bob", "cat"}, set(), {"bob"}, {"bob"}]
    other = clients["ann"].get(f"/posts/{make.post(cat)}/comments/").get_json()
    assert other["comments"] == []


def test_block_refuses_follows_and_comments(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    post = make.post(ann)
    make.block(ann, bob)
    client = ApiClient(app, bob)

    for response in (
        client.put(f"/me/following/{ann.id}"),
        client.post(f"/posts/{post}/comments/", {"body": "Hello"}),
    ):
        problem = response.get_json()
        assert (response.status_code, problem["reason"]) == (403, "blocked")
        assert problem["detail"] == "One of you has blocked the other."
    assert client.get(f"/posts/{post}").status_code == 200  # as for anonymous clients


@pytest.mark.parametrize("kind", ["blocked", "muted"])
def test_wrong_targets_tokens_and_too_many_are_refused(
    app: Flask, make: Factory, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HiddenUser, "MAX", 1)
    ann, bob, cat = (make.user(name) for name in ("ann", "bob", "cat"))
    unconfirmed = make.user("new", confirmed=False)
    client = ApiClient(app, ann)

    assert ApiClient(app).put(f"/me/{kind}/{bob.id}").status_code == 401
    assert ApiClient(app).get(f"/me/{kind}/").status_code == 401
    assert ApiClient(app, ann, read_only=True).put(f"/me/{kind}/{bob.id}").status_code == 403
    assert client.put(f"/me/{kind}/{ann.id}").status_code == 409
    assert client.put(f"/me/{kind}/{unconfirmed.id}").status_code == 404
    assert client.put(f"/me/{kind}/{cat.id + 100}").status_code == 404
    assert client.put(f"/me/{kind}/{bob.id}").status_code == 204
    response = client.put(f"/me/{kind}/{cat.id}")
    assert (response.status_code, response.get_json()["reason"]) == (409, "too_many_hidden_users")
    assert count_rows(app, HiddenUser) == 1
