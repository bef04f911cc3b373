"""Language selection, and localized times."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app.i18n import LANGUAGES, duration, exact
from app.models import utcnow
from tests.support.factories import Factory
from tests.support.http_client import Page, SiteClient
from tests.support.mailbox import Mailbox

ENGLISH, CHINESE = "en", "zh-Hans"
HEADING = {ENGLISH: "Latest posts", CHINESE: "最新帖子"}  # demo-only
# without-demo: HEADING = {ENGLISH: "Welcome", CHINESE: "欢迎"}
WELCOME = {ENGLISH: "Create an account", CHINESE: "创建账号"}


def language_of(page: Page) -> str:
    """Return the language of a page, by its `lang` attribute and by its text."""
    (language,) = [tag for tag in WELCOME if f'<html lang="{tag}"' in page.html]
    shown = {tag for tag in WELCOME if HEADING[tag] in page.text or WELCOME[tag] in page.text}
    assert shown == {language}
    return language


def client_for(app: Flask, tags: str, cookie: str | None = None) -> SiteClient:
    client = SiteClient(app, **{"Accept-Language": tags})
    if cookie:
        client.client.set_cookie("lang", cookie)
    return client


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
def test_language_of_the_browser(app: Flask, tags: str, language: str) -> None:
    assert language_of(client_for(app, tags).open("/")) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_can_be_selected(app: Flask, language: str) -> None:
    tag = language.replace("_", "-")

    assert f'<html lang="{tag}"' in client_for(app, tag).open("/").html


@pytest.mark.parametrize("cookie", ["eo", "zh", "../en", "zh_Hant"])
def test_invalid_language_cookie_is_ignored(app: Flask, cookie: str) -> None:
    assert language_of(client_for(app, "zh-CN", cookie).open("/")) == CHINESE


@pytest.mark.parametrize(
    ("account", "browser", "language"),
    [("zh_Hans", "en", CHINESE), ("en", "zh-CN", ENGLISH), (None, "zh-CN", CHINESE)],
)
def test_language_of_the_account_overrides_the_browser(
    app: Flask, make: Factory, account: str | None, browser: str, language: str
) -> None:
    client = client_for(app, browser).log_in(make.user(locale=account))

    assert language_of(client.open("/")) == language


@pytest.mark.parametrize(
    ("cookie", "account", "language"), [("en", "zh_Hans", ENGLISH), ("zh_Hans", "en", CHINESE)]
)
def test_language_cookie_overrides_account_and_browser(
    app: Flask, make: Factory, cookie: str, account: str, language: str
) -> None:
    client = client_for(app, account.replace("_", "-"), cookie)
    client.log_in(make.user(locale=account))

    assert language_of(client.open("/")) == language


def test_email_is_in_the_language_of_the_recipient(
    app: Flask, make: Factory, mailbox: Mailbox
) -> None:
    ann, wei = make.user("ann", locale="en"), make.user("wei", locale="zh_Hans")
    for user, browser in ((ann, "zh-CN"), (wei, "en")):
        client = client_for(app, browser)
        client.submit("/auth/reset", {"email": user.email})

    english, chinese = mailbox.last(ann.email), mailbox.last(wei.email)

    assert english.subject == "[Flasky] Reset your password"
    assert chinese.subject == "[Flasky] 重置密码"
    assert "Open this link" in english.text
    assert "打开以下链接" in chinese.text
    assert "打开以下链接" in chinese.html


def test_email_in_another_language_does_not_change_the_page(
    app: Flask, make: Factory, mailbox: Mailbox
) -> None:
    wei = make.user("wei", locale="zh_Hans")

    page = client_for(app, "en").submit("/auth/reset", {"email": wei.email})

    assert "We sent an email with instructions" in page.text
    assert mailbox.last(wei.email).subject == "[Flasky] 重置密码"


def test_email_to_an_unknown_address_is_in_the_language_of_the_request(
    app: Flask, mailbox: Mailbox
) -> None:
    client_for(app, "zh-CN").submit("/auth/reset", {"email": "missing@example.com"})

    assert mailbox.last("missing@example.com").subject == "[Flasky] 这个地址没有对应的账号"


def test_email_to_the_administrator_is_in_the_default_language(
    app: Flask, make: Factory, mailbox: Mailbox
) -> None:
    wei = make.user("wei", locale="zh_Hans", confirmed=False)
    client = client_for(app, "zh-CN")
    client.submit("/auth/unconfirmed", {"email": wei.email})
    link = mailbox.last(wei.email).link

    client.submit(link, {"password": wei.password}, action=link)

    assert mailbox.last("admin@example.com").subject == "[Flasky] New account: wei"


@pytest.mark.parametrize(
    ("tag", "date", "elapsed"),
    [
        ("en", "March 1, 2025", "3 hours ago"),
        ("zh-CN", "2025年3月1日", "3小时前"),
    ],
)
def test_times_are_localized(app: Flask, make: Factory, tag: str, date: str, elapsed: str) -> None:
    ann = make.user()
    make.post(ann, timestamp=datetime(2025, 3, 1, 12, 30, tzinfo=UTC))
    # In the middle of an hour, so that the duration of the test does not matter.
    make.post(ann, timestamp=utcnow() - timedelta(hours=3, minutes=5))

    html = client_for(app, tag).open("/").html

    assert date in html
    assert elapsed in html


def test_exact_time_is_in_utc(app: Flask) -> None:
    with app.test_request_context():
        text = exact(datetime(2025, 3, 1, 12, 30, tzinfo=UTC))

    assert "12:30" in text
    assert "UTC" in text


@pytest.mark.parametrize(
    ("tag", "message"),
    [
        ("en", "Use at most 64 characters."),
        ("zh-CN", "最多输入 64 个字符。"),
    ],
)
def test_validation_message_holds_the_limit(
    app: Flask, make: Factory, tag: str, message: str
) -> None:
    client = client_for(app, tag).log_in(make.user())

    assert message in client.submit("/edit-profile", {"name": "x" * 65}).text


@pytest.mark.parametrize(
    ("tag", "names"),
    [
        ("en", ["User", "Moderator", "Administrator"]),
        ("zh-CN", ["用户", "版主", "管理员"]),
    ],
)
def test_role_names_are_translated(app: Flask, make: Factory, tag: str, names: list[str]) -> None:
    ann = make.user("ann")
    client = client_for(app, tag).log_in(make.user("root", "Administrator"))

    html = client.open(f"/edit-profile/{ann.id}").html

    for name in names:
        assert f">{name}</option>" in html


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (61, "2 minutes"),
        (3540, "59 minutes"),
        (3601, "2 hours"),
        (86_400, "1 day"),
    ],
)
def test_duration_is_rounded_up(app: Flask, seconds: int, text: str) -> None:
    with app.test_request_context():
        assert duration(seconds) == text
