"""Avatars: drawn from the name, or Gravatars if enabled."""

import hashlib

import pytest
from flask import Flask

from app.avatars import HUES, avatar_hue, gravatar_url, initials
from tests.support.app_factory import make_app
from tests.support.databases import migrated, new_sqlite_url
from tests.support.factories import Factory
from tests.support.http_client import SiteClient


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada Lovelace", "AL"),
        ("Ada King Lovelace", "AL"),
        ("ada_lovelace", "AL"),
        ("ada.lovelace", "AL"),
        ("maya", "M"),
        ("林小曼", "林"),
        ("Émile Zola", "ÉZ"),
        ("", "?"),
        (" . _ ", "?"),
    ],
)
def test_initials(name: str, expected: str) -> None:
    assert initials(name) == expected


def test_every_hue_is_used() -> None:
    hues = {avatar_hue(f"user {number}") for number in range(200)}
    assert hues == set(range(HUES))


def test_avatars_are_drawn_by_default(make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    make.post(ann)
    assert "gravatar" not in client.open("/").html
    assert "<svg" in client.open("/user/ann").html


def test_gravatars_are_used_if_enabled(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    url = new_sqlite_url(tmp_path_factory.mktemp("gravatar"))
    app: Flask = make_app(SQLALCHEMY_DATABASE_URI=url, GRAVATAR_ENABLED=True)
    digest = hashlib.sha256(b"ann@example.com").hexdigest()
    with migrated(app):
        Factory(app).user("ann")
        page = SiteClient(app).open("/user/ann")
    assert f'src="https://secure.gravatar.com/avatar/{digest}?s=' in page.html


def test_gravatar_url_has_the_size() -> None:
    with make_app(GRAVATAR_ENABLED=True).app_context():
        assert gravatar_url("abc", 48) == (
            "https://secure.gravatar.com/avatar/abc?s=48&d=identicon&r=g"
        )
