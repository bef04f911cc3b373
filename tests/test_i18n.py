"""Which language a reader gets, and how times are written in it."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app.i18n import LANGUAGES, exact
from app.models import utcnow
from tests.factories import Factory
from tests.mailbox import Mailbox
from tests.reader import Page, Reader

ENGLISH, CHINESE = "en", "zh-Hans"
WORDS = {ENGLISH: "Latest posts", CHINESE: "最新帖子"}
WELCOME = {ENGLISH: "Create an account", CHINESE: "创建账号"}


def language_of(page: Page) -> str:
    """Return the language that a page says it is written in, and is."""
    (language,) = [tag for tag in WELCOME if f'<html lang="{tag}"' in page.html]
    said = {tag for tag in WELCOME if WORDS[tag] in page.text or WELCOME[tag] in page.text}
    assert said == {language}
    return language


def reader_who_prefers(app: Flask, tags: str, cookie: str | None = None) -> Reader:
    reader = Reader(app, **{"Accept-Language": tags})
    if cookie:
        reader.client.set_cookie("lang", cookie)
    return reader


@pytest.mark.parametrize(
    ("tags", "language"),
    [
        ("zh-CN", CHINESE),
        ("zh-SG", CHINESE),
        ("zh-Hans", CHINESE),
        ("zh-Hans-CN", CHINESE),
        ("zh-Hans-HK", CHINESE),
        ("zh", CHINESE),
        ("ZH-cn", CHINESE),
        ("zh-TW", ENGLISH),
        ("zh-HK", ENGLISH),
        ("zh-Hant", ENGLISH),
        ("zh-Hant-TW", ENGLISH),
        ("en-GB", ENGLISH),
        ("fr", ENGLISH),
        ("fr, zh-CN;q=0.5", CHINESE),
        ("fr, zh-CN;q=0", ENGLISH),
        ("zh-CN;q=0.4, en;q=0.8", ENGLISH),
        ("zh-TW, zh-CN;q=0.9, en;q=0.8", CHINESE),
        ("*", ENGLISH),
        ("%%%, ;;", ENGLISH),
        ("", ENGLISH),
    ],
)
def test_page_comes_in_the_language_that_the_browser_prefers(
    app: Flask, tags: str, language: str
) -> None:
    assert language_of(reader_who_prefers(app, tags).open("/")) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_can_be_preferred(app: Flask, language: str) -> None:
    tag = language.replace("_", "-")

    assert f'<html lang="{tag}"' in reader_who_prefers(app, tag).open("/").html


@pytest.mark.parametrize("cookie", ["eo", "zh", "../en", "zh_Hant"])
def test_language_that_the_site_does_not_have_is_no_choice(app: Flask, cookie: str) -> None:
    assert language_of(reader_who_prefers(app, "zh-CN", cookie).open("/")) == CHINESE


@pytest.mark.parametrize(
    ("account", "browser", "language"),
    [("zh_Hans", "en", CHINESE), ("en", "zh-CN", ENGLISH), (None, "zh-CN", CHINESE)],
)
def test_language_of_the_account_goes_before_the_browsers(
    app: Flask, make: Factory, account: str | None, browser: str, language: str
) -> None:
    reader = reader_who_prefers(app, browser).log_in(make.user(locale=account))

    assert language_of(reader.open("/")) == language


@pytest.mark.parametrize(
    ("cookie", "account", "language"), [("en", "zh_Hans", ENGLISH), ("zh_Hans", "en", CHINESE)]
)
def test_language_that_was_switched_to_goes_before_all(
    app: Flask, make: Factory, cookie: str, account: str, language: str
) -> None:
    reader = reader_who_prefers(app, account.replace("_", "-"), cookie)
    reader.log_in(make.user(locale=account))

    assert language_of(reader.open("/")) == language


def test_letter_comes_in_the_language_of_its_reader_whoever_asks_for_it(
    app: Flask, make: Factory, letters: Mailbox
) -> None:
    ann, wei = make.user("ann", locale="en"), make.user("wei", locale="zh_Hans")
    for person, browser in ((ann, "zh-CN"), (wei, "en")):
        reader = reader_who_prefers(app, browser)
        reader.submit("/auth/reset", {"email": person.email})

    english, chinese = letters.last(ann.email), letters.last(wei.email)

    assert english.subject == "[Flasky] Reset your password"
    assert chinese.subject == "[Flasky] 重置密码"
    assert "Open this link" in english.text
    assert "打开以下链接" in chinese.text
    assert "打开以下链接" in chinese.html


def test_page_stays_in_its_language_after_a_letter_in_another(
    app: Flask, make: Factory, letters: Mailbox
) -> None:
    wei = make.user("wei", locale="zh_Hans")

    page = reader_who_prefers(app, "en").submit("/auth/reset", {"email": wei.email})

    assert "A letter with instructions is on its way" in page.text
    assert letters.last(wei.email).subject == "[Flasky] 重置密码"


def test_letter_to_a_stranger_comes_in_the_language_of_who_asks(
    app: Flask, letters: Mailbox
) -> None:
    reader_who_prefers(app, "zh-CN").submit("/auth/reset", {"email": "nobody@example.com"})

    assert letters.last("nobody@example.com").subject == "[Flasky] 这个地址没有对应的账号"


def test_letter_to_the_administrator_comes_in_the_sites_own_language(
    app: Flask, make: Factory, letters: Mailbox
) -> None:
    wei = make.user("wei", locale="zh_Hans", confirmed=False)
    reader = reader_who_prefers(app, "zh-CN")
    reader.submit("/auth/unconfirmed", {"email": wei.email})
    link = letters.last(wei.email).link

    reader.submit(link, {"password": wei.password}, action=link)

    assert letters.last("admin@example.com").subject == "[Flasky] New account: wei"


@pytest.mark.parametrize(
    ("tag", "date", "elapsed"),
    [("en", "March 1, 2025", "3 hours ago"), ("zh-CN", "2025年3月1日", "3小时前")],
)
def test_times_are_written_in_the_readers_language(
    app: Flask, make: Factory, tag: str, date: str, elapsed: str
) -> None:
    ann = make.user()
    make.post(ann, timestamp=datetime(2025, 3, 1, 12, 30, tzinfo=UTC))
    # In the middle of an hour, so that the time the test takes does not matter.
    make.post(ann, timestamp=utcnow() - timedelta(hours=3, minutes=5))

    html = reader_who_prefers(app, tag).open("/").html

    assert date in html
    assert elapsed in html


def test_time_is_written_in_utc(app: Flask) -> None:
    with app.test_request_context():
        written = exact(datetime(2025, 3, 1, 12, 30, tzinfo=UTC))

    assert "12:30" in written
    assert "UTC" in written


@pytest.mark.parametrize(
    ("tag", "message"),
    [("en", "Use at most 64 characters."), ("zh-CN", "最多输入 64 个字符。")],
)
def test_message_of_a_form_names_its_number(
    app: Flask, make: Factory, tag: str, message: str
) -> None:
    reader = reader_who_prefers(app, tag).log_in(make.user())

    assert message in reader.submit("/edit-profile", {"name": "x" * 65}).text


@pytest.mark.parametrize(
    ("tag", "names"),
    [("en", ["User", "Moderator", "Administrator"]), ("zh-CN", ["用户", "版主", "管理员"])],
)
def test_roles_are_named_in_the_readers_language(
    app: Flask, make: Factory, tag: str, names: list[str]
) -> None:
    ann = make.user("ann")
    reader = reader_who_prefers(app, tag).log_in(make.user("root", "Administrator"))

    html = reader.open(f"/edit-profile/{ann.id}").html

    for name in names:
        assert f">{name}</option>" in html
