"""Follow and unfollow users; followers and following."""

from flask import Flask

from tests.support.api_client import ApiClient
from tests.support.factories import Factory


def test_follow_and_unfollow_are_idempotent(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    client = ApiClient(app, ann)

    for _ in range(2):
        assert client.put(f"/me/following/{bob.id}").status_code == 204
    assert client.get(f"/users/{bob.id}").get_json()["follower_count"] == 1
    assert client.get("/me").get_json()["following_count"] == 1
    lists = {f"/users/{bob.id}/followers/": "ann", f"/users/{ann.id}/following/": "bob"}
    for path, name in lists.items():
        page = client.get(path).get_json()
        assert ([user["username"] for user in page["users"]], page["count"]) == ([name], 1)
    for _ in range(2):
        assert client.delete(f"/me/following/{bob.id}").status_code == 204
    assert client.get(f"/users/{bob.id}").get_json()["follower_count"] == 0


def test_users_cannot_follow_themselves(app: Flask, make: Factory) -> None:
    ann = make.user("ann")

    response = ApiClient(app, ann).put(f"/me/following/{ann.id}")

    assert response.status_code == 409
    assert response.get_json()["detail"] == "You cannot follow yourself."
