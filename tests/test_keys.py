"""SECRET_KEY can be changed: what the old key signed lives on, as long as it is a fallback."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from .auth.actions import is_logged_in
from .databases import migrated, new_sqlite_url
from .factories import Factory, Person
from .reader import Reader
from .rows import token_for, value
from .settings import make_app

OLD, NEW = "an old key " * 4, "a new key " * 4
Deed = Callable[[Flask, Flask, Person], bool]


def site(folder: Path, key: str, *fallbacks: str) -> Flask:
    """Return the site as it is with these keys, on the same database."""
    return make_app(
        SQLALCHEMY_DATABASE_URI=new_sqlite_url(folder),
        SECRET_KEY=key,
        SECRET_KEY_FALLBACKS=list(fallbacks),
    )


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Flask]:
    """The site before its key was changed."""
    with migrated(site(tmp_path, OLD)) as app:
        yield app


def moved(reader: Reader, app: Flask, name: str) -> Reader:
    """Return somebody at `app` with one cookie of `reader`."""
    cookie = reader.client.get_cookie(name)
    assert cookie is not None
    other = Reader(app)
    other.client.set_cookie(name, cookie.value)
    return other


def session_lives_on(before: Flask, after: Flask, ann: Person) -> bool:
    return is_logged_in(moved(Reader(before).log_in(ann), after, "session"))


def being_remembered_lives_on(before: Flask, after: Flask, ann: Person) -> bool:
    reader = Reader(before).log_in(ann, remember_me="y")
    return is_logged_in(moved(reader, after, "remember_token"))


def open_form_lives_on(before: Flask, after: Flask, ann: Person) -> bool:
    reader = Reader(before)
    page = reader.open("/auth/login")
    fields = {"email": ann.email, "password": ann.password}
    return moved(reader, after, "session").send(page, fields).status == 200


def reset_link_lives_on(before: Flask, after: Flask, ann: Person) -> bool:
    page = Reader(after).open(f"/auth/reset/{token_for(before, ann, 'reset')}")
    return any("password2" in form.names for form in page.forms)


def change_link_lives_on(before: Flask, after: Flask, ann: Person) -> bool:
    link = f"/auth/change-email/{token_for(before, ann, 'change_email')}"
    reader = Reader(after).log_in(ann)
    page = reader.open(link)
    if any(form.action == link for form in page.forms):
        reader.send(page, {}, link)
    return bool(value(after, ann, "email") != ann.email)


DEEDS: dict[str, Deed] = {
    "session": session_lives_on,
    "keep me logged in": being_remembered_lives_on,
    "open form": open_form_lives_on,
    "link to a new password": reset_link_lives_on,
    "link to a new address": change_link_lives_on,
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_what_the_old_key_signed_lives_on_as_long_as_it_is_a_fallback(
    old: Flask, tmp_path: Path, deed: Deed
) -> None:
    ann, bob = Factory(old).user("ann"), Factory(old).user("bob")

    assert deed(old, site(tmp_path, NEW, "an even older key", OLD), ann)
    assert not deed(old, site(tmp_path, NEW), bob)


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_new_key_signs_from_then_on(old: Flask, tmp_path: Path, deed: Deed) -> None:
    ann, bob = Factory(old).user("ann"), Factory(old).user("bob")
    rotated = site(tmp_path, NEW, OLD)

    assert deed(rotated, site(tmp_path, NEW), ann)
    assert not deed(rotated, old, bob)


@pytest.mark.parametrize("cookie", ["1|é", "é|1", "1", "|", "1|2|3", "\u0663|x"], ids=repr)
def test_forged_memory_is_a_strangers(old: Flask, cookie: str) -> None:
    reader = Reader(old)
    reader.client.set_cookie("remember_token", cookie)

    assert not is_logged_in(reader)
