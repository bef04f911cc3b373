"""Parts of pages that are kept: by which values, and for how long."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import force_locale

from app.kept import MAX_KEPT, MAX_LENGTH, keeper, kept
from app.metrics.definitions import PARTS_RENDERED
from tests.support.app_factory import make_app


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    app.extensions["kept"].cache_clear()
    with app.test_request_context():
        yield


def rendered(app: Flask) -> int:
    return int(app.extensions["kept"].cache_info().misses)


@pytest.mark.usefixtures("context")
def test_part_is_rendered_once_per_value(app: Flask) -> None:
    for theme in ("One", "Two", "One", "<b>"):
        assert theme.replace("<b>", "&lt;b&gt;") in kept(
            "navigation.navigation", "main.index", theme
        )

    assert rendered(app) == 3


def test_part_is_rendered_once_per_language_and_prefix(app: Flask) -> None:
    for prefix, language, expected in [
        ("", "en", 'href="/auth/login">Log in'),
        ("/blog", "en", 'href="/blog/auth/login">Log in'),
        ("/blog", "zh_Hans", 'href="/blog/auth/login">登录'),
        ("", "en", 'href="/auth/login">Log in'),
    ]:
        environ = {"SCRIPT_NAME": prefix}
        with app.test_request_context(environ_overrides=environ), force_locale(language):
            assert expected in kept("navigation.navigation", "main.index", "auto")


@pytest.mark.usefixtures("context")
def test_long_texts_are_not_kept(app: Flask) -> None:
    for _ in range(2):
        keeper()("navigation.navigation", "main.index", "x", length=MAX_LENGTH + 1)

    assert rendered(app) == 0


@pytest.mark.usefixtures("context")
def test_number_of_kept_parts_is_limited(app: Flask) -> None:
    assert app.extensions["kept"].cache_info().maxsize == MAX_KEPT


@pytest.mark.usefixtures("context")
def test_each_application_keeps_its_own(app: Flask, bare_app: Flask) -> None:
    assert bare_app.extensions["kept"] is not app.extensions["kept"]


def test_nothing_is_kept_during_development() -> None:
    app, before = make_app(DEBUG=True), PARTS_RENDERED._value.get()
    with app.test_request_context():
        for _ in range(2):
            kept("layout.brand", "Flasky")

    assert PARTS_RENDERED._value.get() - before == 2
