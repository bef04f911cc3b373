"""What moderators do, and what people do to one another: the rules of the pages."""

from flask import Flask

from app.extensions import db
from app.models import User
from tests.api.program import Program
from tests.factories import Factory


def test_text_of_a_disabled_comment_is_for_moderators_alone(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob", role="Moderator")
    post = make.post(ann)
    path = f"/comments/{make.comment(ann, post, 'Rude words')}"
    moderator = Program(app, bob)

    hidden = moderator.put(f"{path}/suspension").get_json()

    assert (hidden["disabled"], hidden["body"]) == (True, "Rude words")
    for reader in (Program(app), Program(app, ann)):
        for shown in (path, "/comments/", f"/posts/{post}/comments/"):
            assert "Rude words" not in reader.get(shown).get_data(as_text=True)
        assert reader.get(path).get_json()["body"] is None
    assert "Rude words" in moderator.get("/comments/").get_data(as_text=True)

    moderator.delete(f"{path}/suspension")

    assert Program(app).get(path).get_json()["body"] == "Rude words"


def test_following_is_counted_once_and_nobody_follows_themself(app: Flask, make: Factory) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    program = Program(app, ann)

    for _ in range(2):
        assert program.put(f"/me/following/{bob.id}").status_code == 204
    assert program.put(f"/me/following/{ann.id}").status_code == 409
    assert program.get(f"/users/{bob.id}").get_json()["follower_count"] == 1
    followers = program.get(f"/users/{bob.id}/followers/").get_json()["users"]
    assert [one["username"] for one in followers] == ["ann"]
    for _ in range(2):
        assert program.delete(f"/me/following/{bob.id}").status_code == 204
    assert program.get(f"/users/{bob.id}").get_json()["follower_count"] == 0


def test_timeline_holds_ones_own_posts_and_those_of_whom_one_follows(
    app: Flask, make: Factory
) -> None:
    ann, bob, eve = (make.user(name) for name in ("ann", "bob", "eve"))
    for author in (ann, bob, eve):
        make.post(author, f"By {author.username}")
    make.follow(ann, bob)

    posts = Program(app, ann).get(f"/users/{ann.id}/timeline/").get_json()["posts"]

    assert [post["body"] for post in posts] == ["By bob", "By ann"]


def test_account_that_was_never_confirmed_is_not_there(app: Flask, make: Factory) -> None:
    unsure = make.user("unsure", confirmed=False)
    ann, admin = make.user("ann"), make.user("root", role="Administrator")
    addresses = [f"/users/{unsure.id}{more}" for more in ("", "/posts/", "/followers/")]

    for path in addresses:
        assert Program(app, ann).get(path).status_code == 404
        assert Program(app, admin).get(path).status_code == 200
    assert Program(app, ann).put(f"/me/following/{unsure.id}").status_code == 404


def test_profile_is_changed_where_a_field_was_sent(app: Flask, make: Factory) -> None:
    ann = make.user("ann", name="Ann", location="Here")
    program = Program(app, ann)

    changed = program.patch("/me", {"name": " Anna ", "about_me": "  "}).get_json()

    assert (changed["name"], changed["location"], changed["about_me"]) == ("Anna", "Here", None)
    assert program.patch("/me", {"location": None}).get_json()["location"] is None
    for refused in ({"username": "x"}, {"role": "x"}, {"email": "x"}, {"name": "x" * 65}):
        assert program.patch("/me", refused).status_code == 400


def test_visit_of_a_program_moves_last_seen(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    with app.app_context():
        user = db.session.get_one(User, ann.id)
        user.last_seen = before = user.last_seen.replace(year=2020)
        db.session.commit()

    Program(app, ann).get("/posts/")

    with app.app_context():
        assert db.session.get_one(User, ann.id).last_seen > before
