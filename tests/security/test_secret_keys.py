"""Key rotation: what a previous key signed stays valid while it is in SECRET_KEY_FALLBACKS."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.auth.actions import is_logged_in
from tests.support.app_factory import make_app
from tests.support.databases import migrated, new_sqlite_url
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient
from tests.support.rows import token_for, user_column

pytestmark = pytest.mark.slow

OLD, NEW = "an old key " * 4, "a new key " * 4


def make_site(folder: Path, key: str, *fallbacks: str) -> Flask:
    """Return an application with these keys, on the same database."""
    return make_app(
        SQLALCHEMY_DATABASE_URI=new_sqlite_url(folder),
        SECRET_KEY=key,
        SECRET_KEY_FALLBACKS=list(fallbacks),
    )


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Flask]:
    """The application before the rotation."""
    with migrated(make_site(tmp_path, OLD)) as app:
        yield app


def with_cookie(client: SiteClient, app: Flask, name: str) -> SiteClient:
    """Return a client of `app` that has one cookie of `client`."""
    cookie = client.client.get_cookie(name)
    assert cookie is not None
    other = SiteClient(app)
    other.client.set_cookie(name, cookie.value)
    return other


def session_is_valid(before: Flask, after: Flask, ann: UserData) -> bool:
    return is_logged_in(with_cookie(SiteClient(before).log_in(ann), after, "session"))


def remember_cookie_is_valid(before: Flask, after: Flask, ann: UserData) -> bool:
    client = SiteClient(before).log_in(ann, remember_me="y")
    return is_logged_in(with_cookie(client, after, "remember_token"))


def csrf_token_is_valid(before: Flask, after: Flask, ann: UserData) -> bool:
    client = SiteClient(before)
    page = client.open("/auth/login")
    fields = {"email": ann.email, "password": ann.password}
    return with_cookie(client, after, "session").send(page, fields).status == 200


def password_reset_link_is_valid(before: Flask, after: Flask, ann: UserData) -> bool:
    page = SiteClient(after).open(f"/auth/reset/{token_for(before, ann, 'reset')}")
    return any("password2" in form.names for form in page.forms)


def email_change_link_is_valid(before: Flask, after: Flask, ann: UserData) -> bool:
    link = f"/auth/change-email/{token_for(before, ann, 'change_email')}"
    client = SiteClient(after).log_in(ann)
    page = client.open(link)
    if any(form.action == link for form in page.forms):
        client.send(page, {}, link)
    return bool(user_column(after, ann, "email") != ann.email)


IsValid = Callable[[Flask, Flask, UserData], bool]
each_signature = pytest.mark.parametrize(
    "is_valid",
    [
        session_is_valid,
        remember_cookie_is_valid,
        csrf_token_is_valid,
        password_reset_link_is_valid,
        email_change_link_is_valid,
    ],
)


@each_signature
def test_signature_of_a_fallback_key_is_valid(
    old: Flask, tmp_path: Path, is_valid: IsValid
) -> None:
    ann, bob = Factory(old).user("ann"), Factory(old).user("bob")

    assert is_valid(old, make_site(tmp_path, NEW, "an even older key", OLD), ann)
    assert not is_valid(old, make_site(tmp_path, NEW), bob)


@each_signature
def test_new_key_signs(old: Flask, tmp_path: Path, is_valid: IsValid) -> None:
    ann, bob = Factory(old).user("ann"), Factory(old).user("bob")
    rotated = make_site(tmp_path, NEW, OLD)

    assert is_valid(rotated, make_site(tmp_path, NEW), ann)
    assert not is_valid(rotated, old, bob)


@pytest.mark.parametrize("cookie", ["1|é", "é|1", "1", "|", "1|2|3", "\u0663|x"], ids=repr)
def test_forged_remember_cookie_is_ignored(old: Flask, cookie: str) -> None:
    client = SiteClient(old)
    client.client.set_cookie("remember_token", cookie)

    assert not is_logged_in(client)
