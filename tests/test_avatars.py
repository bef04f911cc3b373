"""Pictures of people: drawn from the name, or Gravatar's where that is switched on."""

import hashlib

import pytest
from flask import Flask

from app.avatars import HUES, avatar_hue, gravatar_url, initials

from .databases import migrated, new_sqlite_url
from .factories import Factory
from .reader import Reader
from .settings import make_app


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
def test_initials_stand_for_a_name(name: str, expected: str) -> None:
    assert initials(name) == expected


def test_hue_belongs_to_a_person() -> None:
    hues = {avatar_hue(f"person {number}") for number in range(200)}
    assert hues == set(range(HUES))


def test_no_foreign_host_draws_unless_it_is_switched_on(make: Factory, reader: Reader) -> None:
    ann = make.user("ann")
    make.post(ann)
    assert "gravatar" not in reader.open("/").html
    assert "<svg" in reader.open("/user/ann").html


def test_gravatar_draws_where_it_is_switched_on(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    url = new_sqlite_url(tmp_path_factory.mktemp("gravatar"))
    app: Flask = make_app(SQLALCHEMY_DATABASE_URI=url, FLASKY_GRAVATAR=True)
    digest = hashlib.sha256(b"ann@example.com").hexdigest()
    with migrated(app):
        Factory(app).user("ann")
        page = Reader(app).open("/user/ann")
    assert f'src="https://secure.gravatar.com/avatar/{digest}?s=' in page.html


def test_gravatar_is_asked_for_the_size_that_is_shown() -> None:
    with make_app(FLASKY_GRAVATAR=True).app_context():
        assert gravatar_url("abc", 48) == (
            "https://secure.gravatar.com/avatar/abc?s=48&d=identicon&r=g"
        )
