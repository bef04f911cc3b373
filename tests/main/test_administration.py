"""Administration: editing and deleting accounts."""

from typing import Any

import pytest
from flask import Flask

from app.deletion import delete_user
from app.extensions import db
from app.models import Comment, Follow, Post, Role, User, lock_row
from tests.auth.actions import is_logged_in
from tests.support.factories import Factory, UserData
from tests.support.http_client import Page, SiteClient
from tests.support.rows import count_rows, token_for, user_column


@pytest.fixture
def boss(make: Factory, client: SiteClient) -> SiteClient:
    """A logged-in administrator."""
    return client.log_in(make.user("boss", role="Administrator"))


def edit(boss: SiteClient, user: UserData, **fields: Any) -> Page:
    return boss.submit(f"/edit-profile/{user.id}", fields)


def role_id(app: Flask, name: str) -> int:
    with app.app_context():
        role = Role.find_by_name(name)
        assert role is not None
        return role.id


def test_administrator_edits_an_account(app: Flask, make: Factory, boss: SiteClient) -> None:
    ann = make.user("ann")
    fields = {"email": "New@Example.com", "username": "anna", "name": "Anna", "location": "Rome"}

    page = edit(boss, ann, **fields, about_me="Hello", role=str(role_id(app, "Moderator")))

    assert page.path == "/user/anna"
    assert "The profile has been updated" in page.text
    assert user_column(app, ann, "email") == "new@example.com"
    assert user_column(app, ann, "role_id") == role_id(app, "Moderator")
    assert user_column(app, ann, "about_me") == "Hello"


def test_form_shows_the_account(app: Flask, make: Factory, boss: SiteClient) -> None:
    mo = make.user("mo", role="Moderator", location="Rome")

    fields = boss.open(f"/edit-profile/{mo.id}").form_with({"role"}).fields

    assert fields["username"] == "mo"
    assert fields["location"] == "Rome"
    assert fields["role"] == str(role_id(app, "Moderator"))
    assert "confirmed" in fields


def test_saving_an_unchanged_form_changes_nothing(
    app: Flask, make: Factory, boss: SiteClient
) -> None:
    ann = make.user("ann")
    stamp = user_column(app, ann, "security_stamp")

    assert edit(boss, ann, username="ann").path == "/user/ann"

    assert user_column(app, ann, "confirmed")
    assert user_column(app, ann, "security_stamp") == stamp


def test_new_role_takes_effect_immediately(app: Flask, make: Factory, boss: SiteClient) -> None:
    ann = make.user("ann")
    client = SiteClient(app).log_in(ann)

    edit(boss, ann, role=str(role_id(app, "Moderator")))

    assert client.open("/moderate").status == 200


def test_unconfirmed_account_is_redirected(app: Flask, make: Factory, boss: SiteClient) -> None:
    ann = make.user("ann")
    client = SiteClient(app).log_in(ann)

    page = edit(boss, ann, confirmed=None)

    assert (page.path, page.status) == ("/user/ann", 200)
    for path in ("/", "/edit-profile", "/user/boss"):
        assert client.open(path).path == "/auth/unconfirmed"
    assert client.post("/", body="Still here").path == "/auth/unconfirmed"
    assert count_rows(app, Post) == 0
    assert client.open("/preferences").path == "/preferences"


def test_new_email_invalidates_links_and_sessions(
    app: Flask, make: Factory, boss: SiteClient
) -> None:
    ann = make.user("ann")
    client = SiteClient(app).log_in(ann)
    link = f"/auth/reset/{token_for(app, ann, 'reset')}"

    edit(boss, ann, email="elsewhere@example.com")

    assert not is_logged_in(client)
    assert boss.open(link).status == 400


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("username", "BOB", "This username is taken"),
        ("email", "Bob@example.com", "Another account uses this email address"),
        ("username", "b b", "Use letters, digits, dots and underscores"),
        ("email", "nonsense", "Enter a valid email address"),
        ("username", "", "This field is required"),
        ("role", "4711", "Select an option"),
        ("role", "x", "Select an option"),
    ],
)
def test_invalid_value_is_refused(
    app: Flask, make: Factory, boss: SiteClient, field: str, value: str, error: str
) -> None:
    ann = make.user("ann")
    make.user("bob")

    page = edit(boss, ann, **{field: value})

    assert page.path == f"/edit-profile/{ann.id}"
    assert error in page.text
    assert (user_column(app, ann, "username"), user_column(app, ann, "email")) == (
        "ann",
        ann.email,
    )


def test_administrator_deletes_an_account(app: Flask, make: Factory, boss: SiteClient) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    bobs_post = make.post(bob)
    make.comment(ann, bobs_post)
    make.post(ann)
    make.follow(ann, bob)
    make.follow(bob, ann)

    page = boss.submit("/user/ann/deletion", {"username": "ann"})

    assert "The account has been deleted" in page.text
    assert count_rows(app, User) == 2
    assert count_rows(app, Post) == 1
    assert count_rows(app, Comment) == 0
    assert count_rows(app, Follow) == 2
    assert user_column(app, bob, "follower_count") == user_column(app, bob, "following_count") == 0
    for path in ("/", f"/post/{bobs_post}", "/followers/bob", "/followed-by/bob", "/moderate"):
        assert boss.open(path).status == 200


@pytest.mark.parametrize("typed", ["", "bob", "Ann", "ann."])
def test_account_is_not_deleted_without_its_exact_username(
    app: Flask, make: Factory, boss: SiteClient, typed: str
) -> None:
    make.user("ann")

    page = boss.submit("/user/ann/deletion", {"username": typed})

    assert page.path == "/user/ann/deletion"
    assert count_rows(app, User) == 2


def test_administrators_cannot_delete_themselves(app: Flask, boss: SiteClient) -> None:
    assert boss.open("/user/boss/deletion").status == 400
    assert boss.post("/user/boss/deletion", username="boss").status == 400
    assert count_rows(app, User) == 1


def test_deleted_user_is_logged_out(app: Flask, make: Factory, boss: SiteClient) -> None:
    client = SiteClient(app).log_in(make.user("ann"), remember_me="y")

    boss.submit("/user/ann/deletion", {"username": "ann"})

    assert client.open("/").status == 200
    assert not is_logged_in(client)


def test_unconfirmed_account_is_visible_to_administrators_only(
    app: Flask, make: Factory, boss: SiteClient
) -> None:
    make.user("ann", confirmed=False)

    assert boss.open("/user/ann").status == 200
    assert SiteClient(app).open("/user/ann").status == 404
    boss.submit("/user/ann/deletion", {"username": "ann"})
    with app.app_context():
        assert db.session.scalars(db.select(User.username)).all() == ["boss"]


@pytest.mark.parametrize(
    ("field", "error"),
    [
        ("role", "You can’t change your own role. Ask another administrator."),
        ("confirmed", "You can’t unconfirm your own email."),
    ],
)
def test_administrators_cannot_lock_themselves_out(
    app: Flask, boss: SiteClient, field: str, error: str
) -> None:
    me = find_user(app, "boss")
    change = str(role_id(app, "User")) if field == "role" else None

    page = edit(boss, me, **{field: change})

    assert error in page.text
    assert user_column(app, me, "role_id") == role_id(app, "Administrator")
    assert user_column(app, me, "confirmed")
    assert boss.open("/moderate").path == "/moderate"


def test_administrators_stay_logged_in_when_they_change_their_own_email(
    app: Flask, boss: SiteClient
) -> None:
    me = find_user(app, "boss")

    page = edit(boss, me, email="chief@example.com")

    assert page.path == "/user/boss"
    assert user_column(app, me, "email") == "chief@example.com"
    assert is_logged_in(boss)


def find_user(app: Flask, username: str) -> UserData:
    with app.app_context():
        user = User.find_by_username(username)
        assert user is not None
        return UserData(user.id, user.username, user.email)


def test_account_that_is_deleted_meanwhile_is_not_edited(
    app: Flask, make: Factory, boss: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "JOBS_IN_WEB", False)
    monkeypatch.setitem(app.config, "JOBS_EAGER", False)
    ann = make.user("ann")

    def delete_and_lock(account: User) -> bool:
        if account.id == ann.id:
            delete_user(account)
        return lock_row(account)

    monkeypatch.setattr("app.main.users.lock_row", delete_and_lock)

    page = edit(boss, ann, name="Ann", location="Rome")

    assert page.status == 404
    assert "updated" not in boss.open("/").text
    assert user_column(app, ann, "location") != "Rome"
