"""Blocking and muting users: their buttons, what disappears, and the list in the settings."""

import pytest
from flask import Flask

from app.models import Comment, Follow, HiddenUser
from tests.support.databases import record_statements
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.rows import count_rows, user_column

BLOCKED = "one of you has blocked the other"


@pytest.fixture
def ann(make: Factory) -> UserData:
    return make.user("ann")


@pytest.fixture
def bob(make: Factory) -> UserData:
    return make.user("bob")


def test_mute_hides_posts_and_comments_from_one_user_only(
    app: Flask, make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    post = make.post(ann, "By Ann")
    make.post(bob, "By Bob")
    make.comment(bob, post, "Said by Bob")
    make.follow(ann, bob)
    client.log_in(ann)

    page = client.submit("/user/bob", action="/mute/bob")

    assert page.path == "/user/bob"
    assert "You have muted bob." in page.text
    assert "By Bob" in page.text  # on the profile, which one opens on purpose
    for path in ("/", "/followed"):
        assert "By Bob" not in client.open(path).text
    assert "Said by Bob" not in client.open(f"/post/{post}").text
    other = SiteClient(app).log_in(bob)
    assert "By Ann" in other.open("/").text
    assert "Said by Bob" in other.open(f"/post/{post}").text
    assert "Muted" not in other.open("/user/ann").text
    page = client.submit("/user/bob", action="/unmute/bob")
    assert "You have unmuted bob." in page.text
    assert "By Bob" in client.open("/followed").text


def test_block_hides_posts_and_comments_in_both_directions(
    app: Flask, make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    by_cat = make.post(make.user("cat"), "By Cat")
    for user in (ann, bob):
        make.post(user, f"Post by {user.username}")
        make.comment(user, by_cat, f"Comment by {user.username}")
    make.follow(ann, bob)
    make.follow(bob, ann)

    page = client.log_in(ann).submit("/user/bob", action="/block/bob")

    assert "You have blocked bob." in page.text
    assert "Post by bob" not in page.text
    assert count_rows(app, Follow) == 3
    for user, other in ((ann, "bob"), (bob, "ann")):
        assert user_column(app, user, "following_count") == 0
        reader = SiteClient(app).log_in(user)
        for path in ("/", "/followed", f"/user/{other}", f"/post/{by_cat}"):
            text = reader.open(path).text
            assert f"Post by {other}" not in text, path
            assert f"Comment by {other}" not in text, path
    assert "bob" in SiteClient(app).open("/").text  # all others see both
    client.submit("/user/bob", action="/unblock/bob")
    assert "Post by bob" in client.open("/").text


def test_blocked_users_can_neither_follow_nor_comment(
    app: Flask, make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    post = make.post(ann)
    stale = client.log_in(bob).open(f"/post/{post}")
    make.block(ann, bob)

    page = client.send(stale, {"body": "A long comment"})

    assert page.status == 403
    assert BLOCKED in page.text
    assert page.form_with({"body"}).fields["body"] == "A long comment"  # nothing is lost
    assert count_rows(app, Comment) == 0
    page = client.post("/follow/ann")
    assert page.status == 403
    assert BLOCKED in page.text
    assert count_rows(app, Follow) == 2
    page = client.open(f"/post/{post}")
    assert page.status == 200
    assert BLOCKED in page.text
    assert not any("body" in form.names for form in page.forms)
    assert "bob has blocked" not in client.open("/user/ann").text
    assert "ann has blocked you" in client.open("/user/ann").text


def test_blocker_must_unblock_before_a_comment(
    app: Flask, make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    post = make.post(bob)
    make.block(ann, bob)
    client.log_in(ann)

    assert client.post(f"/post/{post}", body="Hello").status == 403
    client.submit("/user/bob", action="/unblock/bob")
    client.submit(f"/post/{post}", {"body": "Hello"})

    assert count_rows(app, Comment) == 1


@pytest.mark.parametrize("verb", ["block", "mute"])
def test_buttons_change_nothing_by_get_for_oneself_or_twice(
    app: Flask, make: Factory, client: SiteClient, ann: UserData, bob: UserData, verb: str
) -> None:
    client.log_in(ann)

    assert client.open(f"/{verb}/bob").status == 405
    assert client.client.post(f"/{verb}/bob").status_code == 400  # without a CSRF token
    assert client.post(f"/{verb}/ann").status == 400
    assert client.post(f"/{verb}/missing").status == 404
    assert count_rows(app, HiddenUser) == 0
    assert "You have not blocked or muted bob." in client.post(f"/un{verb}/bob").text
    client.post(f"/{verb}/bob")
    assert "You have already blocked or muted bob." in client.post(f"/{verb}/bob").text
    assert count_rows(app, HiddenUser) == 1


def test_user_is_told_if_they_have_blocked_or_muted_too_many(
    app: Flask,
    make: Factory,
    client: SiteClient,
    ann: UserData,
    bob: UserData,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(HiddenUser, "MAX", 1)
    make.mute(ann, make.user("cat"))
    client.log_in(ann)

    page = client.submit("/user/bob", action="/block/bob")

    assert "You have blocked or muted 1 people, and can’t add more." in page.text
    assert count_rows(app, HiddenUser) == 1


def test_list_shows_own_blocks_and_mutes_page_by_page(
    app: Flask, make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    app.config["FLASKY_FOLLOWERS_PER_PAGE"] = 2
    for name in ("cat", "dan"):
        make.mute(ann, make.user(name))
    make.block(ann, bob)
    make.block(make.user("eve"), ann)
    client.log_in(ann)

    page = client.open("/blocked-and-muted")

    actions = [form.action for form in page.forms if "/un" in form.action]
    assert actions == ["/unblock/bob", "/unmute/dan"]
    older = next(link for link in page.links if "before=" in link)
    page = client.submit(older, action="/unmute/cat")
    assert "You have unmuted cat." in page.text
    assert page.path.startswith("/blocked-and-muted?before=")
    assert client.open("/auth/settings").links.count("/blocked-and-muted") == 1


def test_moderators_see_and_moderate_those_who_have_blocked_them(
    app: Flask, make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    moderator = make.user("mod", "Moderator")
    post = make.post(ann, "Insults by Ann")
    comment = make.comment(ann, make.post(bob), "An insult by Ann")
    make.block(ann, moderator)
    client.log_in(moderator)

    for path in ("/", "/user/ann", f"/post/{post}"):
        assert "Insults by Ann" in client.open(path).text
    assert "An insult by Ann" in client.open("/moderate").text
    page = client.submit("/moderate", action=f"/comment/{comment}/suspension")
    assert "The comment has been disabled." in page.text
    client.submit(f"/post/{post}/deletion", action=f"/post/{post}/deletion")
    assert client.open(f"/post/{post}").status == 404


def test_own_mutes_do_not_affect_the_moderation_list(
    make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    moderator = make.user("mod", "Moderator")
    make.comment(ann, make.post(bob), "An insult by Ann")
    make.block(moderator, ann)

    assert "An insult by Ann" in client.log_in(moderator).open("/moderate").text


@pytest.mark.both_databases
def test_user_without_blocks_and_mutes_pays_nothing(
    app: Flask, make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    post = make.post(bob)
    client.log_in(ann)

    def statements() -> list[str]:
        with record_statements(app) as executed:
            for path in ("/", "/followed", f"/post/{post}", "/blocked-and-muted"):
                assert client.client.get(path).status_code == 200
        return executed

    before = statements()
    *lists, settings = [sql for sql in before if "hidden_users" in sql.lower()], before[-1]
    assert lists == [[settings]]
    make.mute(bob, ann)
    assert statements() == before
    make.mute(ann, make.user("cat"))
    assert len(statements()) == len(before) + 1  # the page of a post looks for a block


def test_pages_of_users_with_mutes_show_only_their_own_rows(
    make: Factory, client: SiteClient, ann: UserData, bob: UserData
) -> None:
    """The statements for such users are others: see `without_hidden()`."""
    post, other = make.post(ann, "One"), make.post(make.user("cat"), "Other")
    make.comment(ann, post, "On the one")
    make.comment(ann, other, "On the other")
    client.log_in(ann)
    client.submit("/user/bob", action="/mute/bob")

    page = client.open(f"/post/{post}").text

    assert "On the one" in page
    assert "On the other" not in page
