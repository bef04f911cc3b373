"""Users, their posts and timelines, and the profile of the authenticated user."""

from flask import Flask

from tests.support.api_client import ApiClient
from tests.support.factories import Factory


def test_profile_does_not_have_private_fields(app: Flask, make: Factory) -> None:
    ann = make.user("ann")

    for client in (ApiClient(app), ApiClient(app, ann)):
        profile = client.get(f"/users/{ann.id}").get_json()
        assert profile["username"] == "ann"
        assert not {"email", "role", "password_hash"} & set(profile)


def test_posts_are_those_of_the_user(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    for author in (ann, bob):
        make.post(author, f"By {author.username}")

    page = ApiClient(app).get(f"/users/{ann.id}/posts/").get_json()

    assert ([post["body"] for post in page["posts"]], page["count"]) == (["By ann"], 1)


def test_timeline_has_the_posts_of_the_user_and_of_followed_users(
    app: Flask, make: Factory
) -> None:
    ann, bob, eve = (make.user(name) for name in ("ann", "bob", "eve"))
    for author in (ann, bob, eve):
        make.post(author, f"By {author.username}")
    make.follow(ann, bob)
    client = ApiClient(app, ann)

    posts = client.get(f"/users/{ann.id}/timeline/").get_json()["posts"]

    assert [post["body"] for post in posts] == ["By bob", "By ann"]
    assert client.get(f"/users/{bob.id}/timeline/").status_code == 403


def test_account_that_was_never_confirmed_is_only_visible_to_administrators(
    app: Flask, make: Factory
) -> None:
    unconfirmed = make.user("unconfirmed", confirmed=False)
    user = ApiClient(app, make.user("ann"))
    administrator = ApiClient(app, make.user("root", role="Administrator"))

    for suffix in ("", "/posts/", "/followers/", "/following/"):
        path = f"/users/{unconfirmed.id}{suffix}"
        assert user.get(path).status_code == 404
        assert administrator.get(path).status_code == 200
    for method in ("PUT", "DELETE"):
        assert user.send(method, f"/me/following/{unconfirmed.id}").status_code == 404


def test_profile_has_email_and_role(app: Flask, make: Factory) -> None:
    moderator = make.user("mod", "Moderator")

    profile = ApiClient(app, moderator).get("/me").get_json()

    assert (profile["email"], profile["role"]) == ("mod@example.com", "Moderator")


def test_only_the_given_fields_are_updated(app: Flask, make: Factory) -> None:
    client = ApiClient(app, make.user("ann", name="Ann", location="Here"))

    profile = client.patch("/me", {"name": " Anna ", "about_me": "  "}).get_json()

    assert (profile["name"], profile["location"], profile["about_me"]) == ("Anna", "Here", None)
    assert client.patch("/me", {"location": None}).get_json()["location"] is None
    assert client.patch("/me", {}).get_json()["name"] == "Anna"


def test_other_fields_and_long_values_are_rejected(app: Flask, make: Factory) -> None:
    client = ApiClient(app, make.user("ann"))
    bodies = (
        {"username": "x"}, {"role": "x"}, {"email": "x"}, {"confirmed": True},
        {"name": "x" * 65}, {"location": "\0"}, {"about_me": "x" * 1001},
    )  # fmt: skip

    for body in bodies:
        assert client.patch("/me", body).status_code == 400, body
    assert client.patch("/me", {"name": "x" * 64, "about_me": "x" * 1000}).status_code == 200
