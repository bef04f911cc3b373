"""Comments: create, retrieve, list and delete them; moderators hide them."""

from flask import Flask

from app.models import Comment
from tests.support.api_client import ApiClient
from tests.support.factories import Factory
from tests.support.rows import count_rows


def test_comment_is_created_retrieved_and_deleted(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    client, post = ApiClient(app, ann), make.post(ann)

    response = client.post(f"/posts/{post}/comments/", {"body": "*Hi*"})

    comment = response.get_json()
    assert response.status_code == 201
    assert response.headers["Location"] == comment["url"]
    assert (comment["body"], comment["author"], comment["disabled"]) == ("*Hi*", "ann", False)
    assert "<em>Hi</em>" in comment["body_html"]
    assert comment["post_url"].endswith(f"/api/v1/posts/{post}")
    path = f"/comments/{comment['id']}"
    assert ApiClient(app).get(path).get_json() == comment
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert count_rows(app, Comment) == 0


def test_list_of_a_post_has_only_its_comments(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    posts = [make.post(ann), make.post(ann)]
    comments = [make.comment(ann, post) for post in posts]
    client = ApiClient(app)

    page = client.get(f"/posts/{posts[0]}/comments/").get_json()

    assert ([comment["id"] for comment in page["comments"]], page["count"]) == ([comments[0]], 1)
    assert len(client.get("/comments/").get_json()["comments"]) == 2


def test_comments_of_a_missing_post_are_404(app: Flask, make: Factory) -> None:
    client = ApiClient(app, make.user("ann"))

    assert client.get("/posts/1/comments/").status_code == 404
    assert client.post("/posts/1/comments/", {"body": "x"}).status_code == 404


def test_comment_body_is_limited(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    client, path = ApiClient(app, ann), f"/posts/{make.post(ann)}/comments/"

    assert client.post(path, {"body": "x" * 5_000}).status_code == 201
    assert client.post(path, {"body": "x" * 5_001}).status_code == 400


def test_other_users_cannot_delete_a_comment(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    path = f"/comments/{make.comment(ann, make.post(ann))}"

    assert ApiClient(app, make.user("bob")).delete(path).status_code == 403
    assert ApiClient(app, make.user("mod", "Moderator")).delete(path).status_code == 204


def test_body_of_a_hidden_comment_is_only_visible_to_moderators(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    post = make.post(ann)
    path = f"/comments/{make.comment(ann, post, 'Rude words')}"
    moderator = ApiClient(app, make.user("bob", role="Moderator"))

    hidden = moderator.put(f"{path}/suspension").get_json()

    assert (hidden["disabled"], hidden["body"]) == (True, "Rude words")
    for client in (ApiClient(app), ApiClient(app, ann)):
        for url in (path, "/comments/", f"/posts/{post}/comments/"):
            assert "Rude words" not in client.get(url).text
        comment = client.get(path).get_json()
        assert (comment["disabled"], comment["body"], comment["body_html"]) == (True, None, None)
    assert "Rude words" in moderator.get("/comments/").text

    assert moderator.delete(f"{path}/suspension").get_json()["disabled"] is False
    assert ApiClient(app).get(path).get_json()["body"] == "Rude words"


def test_other_users_cannot_hide_comments(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    path = f"/comments/{make.comment(ann, make.post(ann))}/suspension"

    for client, status in ((ApiClient(app), 401), (ApiClient(app, ann), 403)):
        for method in ("PUT", "DELETE"):
            assert client.send(method, path).status_code == status


def test_author_updates_a_comment(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    client, path = ApiClient(app, ann), f"/comments/{make.comment(ann, make.post(ann), 'Before')}"
    before = client.get(path)
    assert before.get_json()["edited_at"] is None

    response = client.send(
        "PUT", path, json={"body": "*After*"}, headers={"If-Match": before.headers["ETag"]}
    )

    comment = response.get_json()
    assert response.status_code == 200
    assert "<em>After</em>" in comment["body_html"]
    assert comment["edited_at"] > comment["timestamp"] == before.get_json()["timestamp"]
    stale = client.send(
        "PUT", path, json={"body": "x"}, headers={"If-Match": before.headers["ETag"]}
    )
    assert stale.status_code == 412
    assert ApiClient(app).get(path).get_json() == comment


def test_disabled_comment_cannot_be_updated(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    client, path = ApiClient(app, ann), f"/comments/{make.comment(ann, make.post(ann), 'Before')}"
    mo = ApiClient(app, make.user("mo", role="Moderator"))
    assert mo.put(f"{path}/suspension").status_code == 200

    response = client.put(path, {"body": "After"})

    assert (response.status_code, response.get_json()["reason"]) == (403, "disabled")
    assert mo.get(path).get_json()["body"] == "Before"


def test_block_prevents_the_author_from_updating(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    path = f"/comments/{make.comment(ann, make.post(bob))}"
    make.block(bob, ann)

    response = ApiClient(app, ann).put(path, {"body": "After"})

    assert (response.status_code, response.get_json()["reason"]) == (403, "blocked")
