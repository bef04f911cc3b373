"""Notifications by the API."""

from datetime import timedelta

import pytest
from flask import Flask

from app.extensions import db
from app.models import Comment, User, utcnow
from tests.support.api_client import ApiClient
from tests.support.factories import Factory


def test_notifications_name_what_they_are_about(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    post = make.post(ann)
    comment = make.comment(bob, post)
    assert ApiClient(app, bob).put(f"/me/following/{ann.id}").status_code == 204

    page = ApiClient(app, ann).get("/notifications/").get_json()

    follow, answer = page["notifications"]
    assert (page["unread_count"], page["next_url"]) == (2, None)
    assert (follow["kind"], follow["actor"], follow["unread"]) == ("follow", "bob", True)
    assert (follow["post_url"], follow["comment_url"]) == (None, None)
    assert follow["actor_url"].endswith(f"/api/v1/users/{bob.id}")
    assert answer["kind"] == "comment"
    assert answer["post_url"].endswith(f"/api/v1/posts/{post}")
    assert answer["comment_url"].endswith(f"/api/v1/comments/{comment}")


def test_moderators_are_not_named(app: Flask, make: Factory) -> None:
    ann, mo = make.user("ann"), make.user("mo", role="Moderator")
    comment = make.comment(ann, make.post(mo))

    assert ApiClient(app, mo).put(f"/comments/{comment}/suspension").status_code == 200

    [row] = ApiClient(app, ann).get("/notifications/").get_json()["notifications"]
    assert (row["kind"], row["actor"], row["actor_url"]) == ("comment_disabled", None, None)


def test_pages_have_a_limit(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    post = make.post(ann)
    for _ in range(3):
        make.comment(bob, post)
    client = ApiClient(app, ann)

    first = client.get("/notifications/?limit=2").get_json()
    path = first["next_url"].partition("/api/v1")[2]
    second = client.get(path).get_json()

    ids = [row["id"] for page in (first, second) for row in page["notifications"]]
    assert len(set(ids)) == 3
    assert second["next_url"] is None


def test_notifications_are_marked_as_read_until_a_time(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    post = make.post(ann)
    make.comment(bob, post)
    client = ApiClient(app, ann)
    [row] = client.get("/notifications/").get_json()["notifications"]
    with app.app_context():
        later = utcnow() + timedelta(seconds=1)
        db.session.add(Comment(body="Late", author_id=bob.id, post_id=post, timestamp=later))
        db.session.commit()

    for _ in range(2):
        until = {"until": row["timestamp"]}
        assert client.put("/notifications/read", json=until).status_code == 204

    page = client.get("/notifications/").get_json()
    assert page["unread_count"] == 1
    assert [one["unread"] for one in page["notifications"]] == [True, False]


@pytest.mark.parametrize(
    "body", [{}, {"until": "2026-11-28T00:00:00"}, {"until": 1}, {"until": "x"}, {"all": True}]
)
def test_invalid_time_is_refused(app: Flask, make: Factory, body: dict[str, object]) -> None:
    ann = make.user("ann")
    with app.app_context():
        before = db.session.get_one(User, ann.id).notifications_read_at

    response = ApiClient(app, ann).put("/notifications/read", json=body)

    assert response.status_code == 400
    assert response.get_json()["errors"]
    with app.app_context():
        assert db.session.get_one(User, ann.id).notifications_read_at == before
