"""Language and colours."""

import pytest
from flask import Flask

from tests.factories import Factory
from tests.reader import Reader
from tests.rows import value

CHINESE_DARK = {"locale": "zh_Hans", "theme": "dark"}


def test_choice_is_kept_for_strangers(reader: Reader) -> None:
    page = reader.submit("/preferences", {**CHINESE_DARK})

    assert page.path == "/"
    assert '<html lang="zh-Hans" data-bs-theme="dark">' in page.html
    assert 'lang="zh-Hans"' in reader.open("/auth/login").html


def test_form_shows_what_was_chosen(reader: Reader) -> None:
    reader.submit("/preferences", {**CHINESE_DARK})

    fields = reader.open("/preferences").form_with({"theme"}).fields

    assert (fields["locale"], fields["theme"]) == ("zh_Hans", "dark")


def test_language_is_kept_with_the_account(app: Flask, make: Factory, reader: Reader) -> None:
    ann = make.user()

    reader.log_in(ann).submit("/preferences", {**CHINESE_DARK})

    assert value(app, ann, "locale") == "zh_Hans"
    elsewhere = Reader(app).log_in(ann)
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
def test_browser_tells_the_language(app: Flask, header: str, lang: str) -> None:
    page = Reader(app, **{"Accept-Language": header}).open("/")

    assert f'<html lang="{lang}"' in page.html


@pytest.mark.parametrize(
    "fields",
    [{"locale": "xx", "theme": "dark"}, {"locale": "en", "theme": "pink"}, {"locale": "en"}],
)
def test_unknown_choice_is_refused(reader: Reader, fields: dict[str, str]) -> None:
    page = reader.post("/preferences", **fields)

    assert page.path == "/preferences"
    assert reader.client.get_cookie("theme") is None


@pytest.mark.parametrize("cookie", ["lang", "theme"])
@pytest.mark.parametrize("content", ["", "xx", "../../etc", '"><script>', "%00", "é"])
def test_odd_cookie_is_ignored(reader: Reader, cookie: str, content: str) -> None:
    reader.client.set_cookie(cookie, content)

    page = reader.open("/")

    assert page.status == 200
    assert '<html lang="en">' in page.html


def test_preferences_lead_back_to_the_page_before(make: Factory, reader: Reader) -> None:
    make.user()
    link = next(link for link in reader.open("/user/ann").links if "/preferences" in link)

    page = reader.submit(link, {**CHINESE_DARK})

    assert page.path == "/user/ann"


def test_preferences_lead_nowhere_else(reader: Reader) -> None:
    assert reader.submit("/preferences?next=//evil.example", {**CHINESE_DARK}).path == "/"
