"""What administrators do with the accounts of others."""

from typing import Any

import pytest
from flask import Flask

from app.extensions import db
from app.models import Comment, Follow, Post, Role, User
from tests.auth.actions import is_logged_in
from tests.factories import Factory, Person
from tests.reader import Page, Reader
from tests.rows import number_of, token_for, value


@pytest.fixture
def boss(make: Factory, reader: Reader) -> Reader:
    """An administrator who has logged in."""
    return reader.log_in(make.user("boss", role="Administrator"))


def edit(boss: Reader, person: Person, **fields: Any) -> Page:
    return boss.submit(f"/edit-profile/{person.id}", fields)


def role_id(app: Flask, name: str) -> int:
    with app.app_context():
        role = Role.named(name)
        assert role is not None
        return role.id


def test_administrator_changes_every_part_of_an_account(
    app: Flask, make: Factory, boss: Reader
) -> None:
    ann = make.user("ann")
    fields = {"email": "New@Example.com", "username": "anna", "name": "Anna", "location": "Rome"}

    page = edit(boss, ann, **fields, about_me="Hello", role=str(role_id(app, "Moderator")))

    assert page.path == "/user/anna"
    assert "The profile has been updated" in page.text
    assert value(app, ann, "email") == "new@example.com"
    assert value(app, ann, "role_id") == role_id(app, "Moderator")
    assert value(app, ann, "about_me") == "Hello"


def test_form_shows_the_account_as_it_is(app: Flask, make: Factory, boss: Reader) -> None:
    mo = make.user("mo", role="Moderator", location="Rome")

    fields = boss.open(f"/edit-profile/{mo.id}").form_with({"role"}).fields

    assert fields["username"] == "mo"
    assert fields["location"] == "Rome"
    assert fields["role"] == str(role_id(app, "Moderator"))
    assert "confirmed" in fields


def test_saving_without_a_change_changes_nothing(app: Flask, make: Factory, boss: Reader) -> None:
    ann = make.user("ann")
    stamp = value(app, ann, "security_stamp")

    assert edit(boss, ann, username="ann").path == "/user/ann"

    assert value(app, ann, "confirmed")
    assert value(app, ann, "security_stamp") == stamp


def test_new_role_takes_effect_at_once(app: Flask, make: Factory, boss: Reader) -> None:
    ann = make.user("ann")
    reader = Reader(app).log_in(ann)

    edit(boss, ann, role=str(role_id(app, "Moderator")))

    assert reader.open("/moderate").status == 200


def test_account_whose_confirmation_is_taken_back_is_held(
    app: Flask, make: Factory, boss: Reader
) -> None:
    ann = make.user("ann")
    reader = Reader(app).log_in(ann)

    page = edit(boss, ann, confirmed=None)

    assert (page.path, page.status) == ("/user/ann", 200)
    for path in ("/", "/edit-profile", "/user/boss"):
        assert reader.open(path).path == "/auth/unconfirmed"
    assert reader.post("/", body="Still here").path == "/auth/unconfirmed"
    assert number_of(app, Post) == 0
    assert reader.open("/preferences").path == "/preferences"


def test_address_changed_by_an_administrator_voids_links_and_sessions(
    app: Flask, make: Factory, boss: Reader
) -> None:
    ann = make.user("ann")
    reader = Reader(app).log_in(ann)
    link = f"/auth/reset/{token_for(app, ann, 'reset')}"

    edit(boss, ann, email="elsewhere@example.com")

    assert not is_logged_in(reader)
    assert boss.open(link).status == 400


@pytest.mark.parametrize(
    ("field", "answer", "words"),
    [
        ("username", "BOB", "This name is taken"),
        ("email", "Bob@example.com", "Another account has this address"),
        ("username", "b b", "Use letters, digits, dots and underscores"),
        ("email", "nonsense", "Write an address such as"),
        ("username", "", "Please fill in this field"),
        ("role", "4711", "Please choose one"),
        ("role", "x", "Please choose one"),
    ],
)
def test_impossible_answer_is_explained(
    app: Flask, make: Factory, boss: Reader, field: str, answer: str, words: str
) -> None:
    ann = make.user("ann")
    make.user("bob")

    page = edit(boss, ann, **{field: answer})

    assert page.path == f"/edit-profile/{ann.id}"
    assert words in page.text
    assert (value(app, ann, "username"), value(app, ann, "email")) == ("ann", ann.email)


def test_administrator_deletes_an_account_by_repeating_its_name(
    app: Flask, make: Factory, boss: Reader
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    bobs_post = make.post(bob)
    make.comment(ann, bobs_post)
    make.post(ann)
    make.follow(ann, bob)
    make.follow(bob, ann)

    page = boss.submit("/user/ann/deletion", {"username": "ann"})

    assert "The account has been deleted" in page.text
    assert number_of(app, User) == 2
    assert number_of(app, Post) == 1
    assert number_of(app, Comment) == 0
    assert number_of(app, Follow) == 2
    assert value(app, bob, "follower_count") == value(app, bob, "following_count") == 0
    for path in ("/", f"/post/{bobs_post}", "/followers/bob", "/followed-by/bob", "/moderate"):
        assert boss.open(path).status == 200


@pytest.mark.parametrize("typed", ["", "bob", "Ann", "ann."])
def test_account_is_not_deleted_by_a_slip(
    app: Flask, make: Factory, boss: Reader, typed: str
) -> None:
    make.user("ann")

    page = boss.submit("/user/ann/deletion", {"username": typed})

    assert page.path == "/user/ann/deletion"
    assert number_of(app, User) == 2


def test_administrators_do_not_delete_themselves_here(app: Flask, boss: Reader) -> None:
    assert boss.open("/user/boss/deletion").status == 400
    assert boss.post("/user/boss/deletion", username="boss").status == 400
    assert number_of(app, User) == 1


def test_reader_whose_account_is_deleted_is_a_stranger(
    app: Flask, make: Factory, boss: Reader
) -> None:
    reader = Reader(app).log_in(make.user("ann"), remember_me="y")

    boss.submit("/user/ann/deletion", {"username": "ann"})

    assert reader.open("/").status == 200
    assert not is_logged_in(reader)


def test_account_waiting_for_confirmation_is_shown_to_administrators_alone(
    app: Flask, make: Factory, boss: Reader
) -> None:
    make.user("ann", confirmed=False)

    assert boss.open("/user/ann").status == 200
    assert Reader(app).open("/user/ann").status == 404
    boss.submit("/user/ann/deletion", {"username": "ann"})
    with app.app_context():
        assert db.session.scalars(db.select(User.username)).all() == ["boss"]


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("role", "Let another administrator change your own role."),
        ("confirmed", "Your own address stays confirmed."),
    ],
)
def test_administrators_cannot_lock_themselves_out(
    app: Flask, boss: Reader, field: str, told: str
) -> None:
    me = person_named(app, "boss")
    change = str(role_id(app, "User")) if field == "role" else None

    page = edit(boss, me, **{field: change})

    assert told in page.text
    assert value(app, me, "role_id") == role_id(app, "Administrator")
    assert value(app, me, "confirmed")
    assert boss.open("/moderate").path == "/moderate"


def test_administrators_who_move_their_own_address_stay_logged_in(
    app: Flask, boss: Reader
) -> None:
    me = person_named(app, "boss")

    page = edit(boss, me, email="chief@example.com")

    assert page.path == "/user/boss"
    assert value(app, me, "email") == "chief@example.com"
    assert is_logged_in(boss)


def person_named(app: Flask, username: str) -> Person:
    with app.app_context():
        user = User.with_username(username)
        assert user is not None
        return Person(user.id, user.username, user.email)
