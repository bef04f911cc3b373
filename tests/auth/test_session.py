"""Logging in and out, staying logged in, and leaving for good."""

import hashlib

import pytest
from flask import Flask

from app.models import Comment, Follow, Post, User
from tests.factories import PASSWORD, Factory
from tests.interleaving import while_hashing
from tests.reader import Reader
from tests.rows import number_of, token_for, value

from .actions import (
    NEW_PASSWORD,
    change_password,
    is_logged_in,
    set_password,
    try_to_log_in,
)

REMEMBER = "remember_token"


def lose_session(reader: Reader) -> None:
    """Do what a browser does when it is closed: forget the cookies without a date."""
    reader.client.delete_cookie("session")


def test_address_is_read_in_any_case(make: Factory, reader: Reader) -> None:
    make.user(email="ann@example.com")

    assert try_to_log_in(reader, "  ANN@Example.com ").path == "/"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ann@example.com", "wrong"),
        ("ann@example.com", PASSWORD.upper()),
        ("ann@example.com", ""),
        ("nobody@example.com", PASSWORD),
        ("ann", PASSWORD),
        ("", ""),
    ],
)
def test_wrong_answer_logs_nobody_in(
    make: Factory, reader: Reader, email: str, password: str
) -> None:
    make.user(email="ann@example.com")

    page = try_to_log_in(reader, email, password)

    assert (page.path, page.status) == ("/auth/login", 200)
    assert not is_logged_in(reader)


def test_session_ends_with_the_browser(make: Factory, reader: Reader) -> None:
    reader.log_in(make.user())

    lose_session(reader)

    assert reader.client.get_cookie(REMEMBER) is None
    assert not is_logged_in(reader)


def test_keep_me_logged_in_survives_a_lost_session(make: Factory, reader: Reader) -> None:
    reader.log_in(make.user(), remember_me="y")

    lose_session(reader)

    assert is_logged_in(reader)


def test_remember_cookie_is_out_of_reach_of_scripts(make: Factory, reader: Reader) -> None:
    reader.log_in(make.user(), remember_me="y")

    cookie = reader.client.get_cookie(REMEMBER)

    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.max_age == 30 * 24 * 3600 or cookie.expires is not None


def test_remember_cookie_dies_with_the_password(app: Flask, make: Factory, reader: Reader) -> None:
    ann, elsewhere = make.user(), Reader(app)
    reader.log_in(ann, remember_me="y")

    change_password(elsewhere.log_in(ann), ann)

    lose_session(reader)
    assert not is_logged_in(reader)


def test_keep_me_logged_in_is_kept_where_the_password_was_changed(
    make: Factory, reader: Reader
) -> None:
    ann = make.user()
    reader.log_in(ann, remember_me="y")

    change_password(reader, ann)

    lose_session(reader)
    assert is_logged_in(reader)


def test_altered_remember_cookie_is_worth_nothing(make: Factory, reader: Reader) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    reader.log_in(ann, remember_me="y")
    cookie = reader.client.get_cookie(REMEMBER)
    assert cookie is not None
    forged = cookie.value.replace(f"{ann.id}.", f"{bob.id}.", 1)

    lose_session(reader)
    reader.client.set_cookie(REMEMBER, forged)

    assert not is_logged_in(reader)


def test_log_out_is_a_button(make: Factory, reader: Reader) -> None:
    reader.log_in(make.user(), remember_me="y")

    assert reader.open("/auth/logout").status == 405
    assert is_logged_in(reader)

    page = reader.submit("/", action="/auth/logout")

    assert "You have been logged out" in page.text
    assert reader.client.get_cookie(REMEMBER) is None
    assert not is_logged_in(reader)


def test_login_leads_back_to_the_page_that_asked_for_it(make: Factory, reader: Reader) -> None:
    ann = make.user()
    page = reader.open("/edit-profile?x=1")
    assert "Please log in first" in page.text

    page = reader.send(page, {"email": ann.email, "password": ann.password})

    assert page.path == "/edit-profile?x=1"


def test_login_leads_home_from_a_button_that_no_link_can_press(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    page = reader.log_in(ann).open("/user/bob")
    change_password(Reader(app).log_in(ann), ann)

    page = reader.send(page, {}, "/follow/bob")
    assert page.path == "/auth/login"

    page = reader.send(page, {"email": ann.email, "password": NEW_PASSWORD})
    assert (page.path, page.status) == ("/", 200)
    assert value(app, bob, "follower_count") == 0


def test_login_hashes_the_password_anew_when_the_method_changes(
    app: Flask, make: Factory, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, elsewhere = make.user(), Reader(app)
    elsewhere.log_in(ann)
    stamp = value(app, ann, "security_stamp")
    monkeypatch.setitem(app.config, "PASSWORD_HASH_METHOD", "scrypt:512:8:1")

    reader.log_in(ann)

    assert value(app, ann, "password_hash").startswith("scrypt:512:8:1$")
    assert value(app, ann, "security_stamp") == stamp
    assert is_logged_in(elsewhere)
    assert try_to_log_in(Reader(app), ann.email).path == "/"


def test_login_does_not_undo_a_reset_that_came_in_between(
    app: Flask, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = make.user()
    monkeypatch.setitem(app.config, "PASSWORD_HASH_METHOD", "scrypt:512:8:1")
    link = f"/auth/reset/{token_for(app, ann, 'reset')}"
    reader = Reader(app)
    form = reader.open("/auth/login")

    with while_hashing(lambda: set_password(Reader(app), link)):
        reader.send(form, {"email": ann.email, "password": ann.password})

    assert try_to_log_in(Reader(app), ann.email).path == "/auth/login"
    assert try_to_log_in(Reader(app), ann.email, NEW_PASSWORD).path == "/"


def test_failed_login_does_not_hash_the_password_anew(
    app: Flask, make: Factory, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = make.user()
    before = value(app, ann, "password_hash")
    monkeypatch.setitem(app.config, "PASSWORD_HASH_METHOD", "scrypt:512:8:1")

    try_to_log_in(reader, ann.email, "wrong")

    assert value(app, ann, "password_hash") == before


def test_deleting_the_account_takes_everything_along(
    app: Flask, make: Factory, reader: Reader
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    bobs_post = make.post(bob)
    make.comment(ann, bobs_post)
    make.comment(bob, make.post(ann))
    make.follow(ann, bob)

    page = reader.log_in(ann).submit("/auth/delete-account", {"password": ann.password})

    assert "Your account has been deleted" in page.text
    assert not is_logged_in(reader)
    assert number_of(app, User) == number_of(app, Post) == number_of(app, Follow) == 1
    assert number_of(app, Comment) == 0
    assert value(app, bob, "follower_count") == 0
    assert reader.open(f"/post/{bobs_post}").status == 200


def test_account_is_not_deleted_without_its_password(
    app: Flask, make: Factory, reader: Reader
) -> None:
    page = reader.log_in(make.user()).submit("/auth/delete-account", {"password": "wrong"})

    assert "This is not your password" in page.text
    assert number_of(app, User) == 1


def test_administrator_cannot_leave(app: Flask, make: Factory, reader: Reader) -> None:
    reader.log_in(make.user(role="Administrator"))

    assert reader.open("/auth/delete-account").status == 403
    assert reader.post("/auth/delete-account", password=PASSWORD).status == 403
    assert number_of(app, User) == 1


def test_password_is_kept_as_a_hash(app: Flask, make: Factory) -> None:
    ann = make.user()

    kept = value(app, ann, "password_hash")

    assert kept.startswith(app.config["PASSWORD_HASH_METHOD"])
    assert PASSWORD not in kept
    assert hashlib.sha256(PASSWORD.encode()).hexdigest() not in kept
