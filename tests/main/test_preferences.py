"""Preferences: language and theme."""

import pytest
from flask import Flask

from tests.support.factories import Factory
from tests.support.http_client import SiteClient
from tests.support.rows import user_column

CHINESE_DARK = {"locale": "zh_Hans", "theme": "dark"}


def test_anonymous_preferences_are_stored_in_cookies(client: SiteClient) -> None:
    page = client.submit("/preferences", {**CHINESE_DARK})

    assert page.path == "/"
    assert '<html lang="zh-Hans" data-bs-theme="dark">' in page.html
    assert 'lang="zh-Hans"' in client.open("/auth/login").html


def test_form_shows_the_current_preferences(client: SiteClient) -> None:
    client.submit("/preferences", {**CHINESE_DARK})

    fields = client.open("/preferences").form_with({"theme"}).fields

    assert (fields["locale"], fields["theme"]) == ("zh_Hans", "dark")


def test_language_is_stored_in_the_account(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user()

    client.log_in(ann).submit("/preferences", {**CHINESE_DARK})

    assert user_column(app, ann, "locale") == "zh_Hans"
    elsewhere = SiteClient(app).log_in(ann)
    assert 'lang="zh-Hans"' in elsewhere.open("/").html


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("zh-CN,zh;q=0.9", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("zh-TW,en;q=0.5", "en"),
        ("fr,zh-Hans;q=0.8,en;q=0.5", "zh-Hans"),
        ("de", "en"),
        ("en-GB", "en"),
        ("", "en"),
        (";;;q=x", "en"),
    ],
)
def test_default_language_comes_from_the_browser(app: Flask, header: str, lang: str) -> None:
    page = SiteClient(app, **{"Accept-Language": header}).open("/")

    assert f'<html lang="{lang}"' in page.html


@pytest.mark.parametrize(
    "fields",
    [{"locale": "xx", "theme": "dark"}, {"locale": "en", "theme": "pink"}, {"locale": "en"}],
)
def test_invalid_choice_is_refused(client: SiteClient, fields: dict[str, str]) -> None:
    page = client.post("/preferences", **fields)

    assert page.path == "/preferences"
    assert client.client.get_cookie("theme") is None


@pytest.mark.parametrize("cookie", ["lang", "theme"])
@pytest.mark.parametrize("value", ["", "xx", "../../etc", '"><script>', "%00", "é"])
def test_invalid_cookie_is_ignored(client: SiteClient, cookie: str, value: str) -> None:
    client.client.set_cookie(cookie, value)

    page = client.open("/")

    assert page.status == 200
    assert '<html lang="en">' in page.html


def test_preferences_return_to_the_previous_page(make: Factory, client: SiteClient) -> None:
    make.user()
    link = next(link for link in client.open("/user/ann").links if "/preferences" in link)

    page = client.submit(link, {"theme": "dark"})

    assert page.path == "/user/ann"


def test_preferences_never_lead_off_the_site(client: SiteClient) -> None:
    assert client.submit("/preferences?next=//evil.example", {"theme": "dark"}).path == "/"
