"""Logging in and out, staying logged in, and deleting the account."""

import hashlib
import re

import pytest
from flask import Flask

from app.models import Comment, Follow, Post, User
from tests.auth.actions import (
    NEW_PASSWORD,
    change_password,
    is_logged_in,
    set_password,
    try_to_log_in,
)
from tests.support.factories import PASSWORD, Factory
from tests.support.http_client import SiteClient
from tests.support.interleaving import while_hashing
from tests.support.rows import count_rows, token_for, user_column

REMEMBER = "remember_token"


def close_browser(client: SiteClient) -> None:
    """Delete the session cookie, as a browser does when it is closed."""
    client.client.delete_cookie("session")


def test_email_is_case_insensitive(make: Factory, client: SiteClient) -> None:
    make.user(email="ann@example.com")

    assert try_to_log_in(client, "  ANN@Example.com ").path == "/"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ann@example.com", "wrong"),
        ("ann@example.com", PASSWORD.upper()),
        ("ann@example.com", ""),
        ("missing@example.com", PASSWORD),
        ("ann", PASSWORD),
        ("", ""),
    ],
)
def test_wrong_credentials_are_refused(
    make: Factory, client: SiteClient, email: str, password: str
) -> None:
    make.user(email="ann@example.com")

    page = try_to_log_in(client, email, password)

    assert (page.path, page.status) == ("/auth/login", 200)
    assert not is_logged_in(client)
    assert "<title>Error: Log in" in page.html
    assert re.search('role="alert"[^>]* autofocus', page.html)
    assert 'aria-invalid="true"' in page.html


def test_session_ends_with_the_browser(make: Factory, client: SiteClient) -> None:
    client.log_in(make.user())

    close_browser(client)

    assert client.client.get_cookie(REMEMBER) is None
    assert not is_logged_in(client)


def test_remember_cookie_restores_the_session(make: Factory, client: SiteClient) -> None:
    client.log_in(make.user(), remember_me="y")

    close_browser(client)

    assert is_logged_in(client)


def test_remember_cookie_has_secure_attributes(make: Factory, client: SiteClient) -> None:
    client.log_in(make.user(), remember_me="y")

    cookie = client.client.get_cookie(REMEMBER)

    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.max_age == 30 * 24 * 3600 or cookie.expires is not None


def test_remember_cookie_is_invalid_after_a_password_change(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann, other_client = make.user(), SiteClient(app)
    client.log_in(ann, remember_me="y")

    change_password(other_client.log_in(ann), ann)

    close_browser(client)
    assert not is_logged_in(client)


def test_remember_cookie_is_renewed_where_the_password_was_changed(
    make: Factory, client: SiteClient
) -> None:
    ann = make.user()
    client.log_in(ann, remember_me="y")

    change_password(client, ann)

    close_browser(client)
    assert is_logged_in(client)


def test_forged_remember_cookie_is_invalid(make: Factory, client: SiteClient) -> None:
    client.log_in(make.user(), remember_me="y")
    cookie = client.client.get_cookie(REMEMBER)
    assert cookie is not None

    close_browser(client)
    for forged in (f"x{cookie.value}", cookie.value[:-1], f"1|{cookie.value.partition('|')[2]}"):
        client.client.set_cookie(REMEMBER, forged)
        assert not is_logged_in(client)


def csrf_token(client: SiteClient) -> str:
    """Return the CSRF token in the session, which those in forms sign."""
    client.open("/preferences")
    with client.client.session_transaction() as session:
        return str(session["csrf_token"])


def test_csrf_token_and_session_change_at_login_and_logout(
    make: Factory, client: SiteClient
) -> None:
    ann = make.user()
    before = client.open("/preferences")
    tokens = [csrf_token(client)]
    with client.client.session_transaction() as session:
        session["planted"] = "by someone else"

    client.log_in(ann)
    tokens.append(csrf_token(client))
    page = client.send(before, {"theme": "dark"})
    assert page.status == 400
    assert "you have logged in or out since" in page.text
    assert client.submit("/preferences", {"theme": "dark"}).status == 200
    with client.client.session_transaction() as session:
        assert "planted" not in session
    client.submit("/", action="/auth/logout")
    tokens.append(csrf_token(client))

    assert len(set(tokens)) == 3


def test_csrf_token_stays_valid_when_the_same_user_logs_in_again(
    make: Factory, client: SiteClient
) -> None:
    ann = make.user()
    client.log_in(ann)
    page = client.open("/edit-profile")

    client.submit("/auth/reauthentication", {"password": ann.password})
    change_password(client, ann)

    assert client.send(page, {"name": "Ann"}).path == "/user/ann"


def test_logout_needs_post(make: Factory, client: SiteClient) -> None:
    client.log_in(make.user(), remember_me="y")

    assert client.open("/auth/logout").status == 405
    assert is_logged_in(client)

    page = client.submit("/", action="/auth/logout")

    assert "You have been logged out" in page.text
    assert client.client.get_cookie(REMEMBER) is None
    assert not is_logged_in(client)


def test_login_returns_to_the_requested_page(make: Factory, client: SiteClient) -> None:
    ann = make.user()
    page = client.open("/edit-profile?x=1")
    assert "Please log in to continue" in page.text

    page = client.send(page, {"email": ann.email, "password": ann.password})

    assert page.path == "/edit-profile?x=1"


def test_login_returns_home_from_a_post_only_endpoint(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    page = client.log_in(ann).open("/user/bob")
    change_password(SiteClient(app).log_in(ann), ann)

    page = client.send(page, {}, "/follow/bob")
    assert page.path == "/auth/login"

    page = client.send(page, {"email": ann.email, "password": NEW_PASSWORD})
    assert (page.path, page.status) == ("/", 200)
    assert user_column(app, bob, "follower_count") == 0


def test_login_rehashes_the_password_when_the_method_changes(
    app: Flask, make: Factory, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, other_client = make.user(), SiteClient(app)
    other_client.log_in(ann)
    stamp = user_column(app, ann, "security_stamp")
    monkeypatch.setitem(app.config, "PASSWORD_HASH_METHOD", "scrypt:512:8:1")

    client.log_in(ann)

    assert user_column(app, ann, "password_hash").startswith("scrypt:512:8:1$")
    assert user_column(app, ann, "security_stamp") == stamp
    assert is_logged_in(other_client)
    assert try_to_log_in(SiteClient(app), ann.email).path == "/"


def test_rehash_does_not_undo_a_concurrent_reset(
    app: Flask, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = make.user()
    monkeypatch.setitem(app.config, "PASSWORD_HASH_METHOD", "scrypt:512:8:1")
    link = f"/auth/reset/{token_for(app, ann, 'reset')}"
    client = SiteClient(app)
    form = client.open("/auth/login")

    with while_hashing(lambda: set_password(SiteClient(app), link)):
        client.send(form, {"email": ann.email, "password": ann.password})

    assert try_to_log_in(SiteClient(app), ann.email).path == "/auth/login"
    assert try_to_log_in(SiteClient(app), ann.email, NEW_PASSWORD).path == "/"


def test_failed_login_does_not_rehash_the_password(
    app: Flask, make: Factory, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = make.user()
    before = user_column(app, ann, "password_hash")
    monkeypatch.setitem(app.config, "PASSWORD_HASH_METHOD", "scrypt:512:8:1")

    try_to_log_in(client, ann.email, "wrong")

    assert user_column(app, ann, "password_hash") == before


def test_deleting_the_account_deletes_its_content(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    bobs_post = make.post(bob)
    make.comment(ann, bobs_post)
    make.comment(bob, make.post(ann))
    make.follow(ann, bob)

    page = client.log_in(ann).submit("/auth/delete-account", {"password": ann.password})

    assert "Your account has been deleted" in page.text
    assert not is_logged_in(client)
    assert count_rows(app, User) == count_rows(app, Post) == count_rows(app, Follow) == 1
    assert count_rows(app, Comment) == 0
    assert user_column(app, bob, "follower_count") == 0
    assert client.open(f"/post/{bobs_post}").status == 200


def test_deleting_the_account_needs_the_password(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    page = client.log_in(make.user()).submit("/auth/delete-account", {"password": "wrong"})

    assert "Incorrect password" in page.text
    assert count_rows(app, User) == 1


def test_administrator_cannot_delete_their_account(
    app: Flask, make: Factory, client: SiteClient
) -> None:
    client.log_in(make.user(role="Administrator"))

    assert client.open("/auth/delete-account").status == 403
    assert client.post("/auth/delete-account", password=PASSWORD).status == 403
    assert count_rows(app, User) == 1


def test_password_is_stored_as_a_hash(app: Flask, make: Factory) -> None:
    ann = make.user()

    stored = user_column(app, ann, "password_hash")

    assert stored.startswith(app.config["PASSWORD_HASH_METHOD"])
    assert PASSWORD not in stored
    assert hashlib.sha256(PASSWORD.encode()).hexdigest() not in stored
