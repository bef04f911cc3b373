"""Wrong passwords are limited per account, and the owner is not locked out."""

from itertools import count

import pytest
from flask import Flask

from app.known_browsers import COOKIE
from tests.auth.actions import NEW_PASSWORD, change_password, follow_email, set_password
from tests.auth.actions import try_to_log_in as send
from tests.support.api_client import ApiClient
from tests.support.factories import PASSWORD, Factory, UserData
from tests.support.http_client import Page, SiteClient
from tests.support.mailbox import Mailbox
from tests.support.rows import token_for

LIMIT = 3
ADDRESSES = count(1)


@pytest.fixture(autouse=True)
def _limit(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_ACCOUNT", f"{LIMIT} per hour")


@pytest.fixture
def ann(make: Factory) -> UserData:
    return make.user("ann")


def new_browser(app: Flask) -> SiteClient:
    """Return a client with an IP address of its own."""
    client, number = SiteClient(app), next(ADDRESSES)
    client.client.environ_base["REMOTE_ADDR"] = f"10.0.{number // 250}.{number % 250 + 1}"
    return client


def try_on_page(app: Flask, email: str, password: str = "wrong") -> int:
    """Try to log in from a new browser; return 200, also for a success, or 429."""
    return send(new_browser(app), email, password).status


def try_on_api(app: Flask, email: str, password: str = "wrong") -> int:
    return ApiClient(app).post("/tokens/", {"name": "x"}, auth=(email, password)).status_code


def attack(app: Flask, email: str = "ann@example.com") -> None:
    """Try passwords from many addresses until the limit is reached."""
    for _ in range(LIMIT):
        assert try_on_page(app, email) == 200
    assert try_on_page(app, email) == 429


def is_in(page: Page) -> bool:
    return (page.status, page.path) == (200, "/")


@pytest.mark.parametrize("email", ["ann@example.com", "unknown@example.com", "no email address"])
def test_wrong_passwords_from_all_addresses_are_counted_together(
    app: Flask, ann: UserData, email: str
) -> None:
    attack(app, email)

    page = send(new_browser(app), email, PASSWORD)
    assert page.status == 429
    assert int(page.response.headers["Retry-After"]) > 0
    assert "/auth/reset" in page.links
    assert try_on_page(app, "other@example.com") == 200


def test_spellings_of_an_account_on_pages_and_api_are_counted_together(
    app: Flask, ann: UserData
) -> None:
    assert try_on_page(app, " ANN@Example.com") == 200
    assert try_on_api(app, "ann@example.COM") == 401
    assert try_on_api(app, "Ann@\uff45xample.com") == 401

    assert try_on_page(app, ann.email) == 429
    assert try_on_api(app, ann.email, PASSWORD) == 429


def test_correct_passwords_are_not_counted(app: Flask, ann: UserData) -> None:
    for _ in range(LIMIT + 1):
        assert is_in(send(new_browser(app), ann.email))
        assert try_on_api(app, ann.email, PASSWORD) == 201


def test_requests_without_an_account_are_not_counted(app: Flask) -> None:
    for _ in range(LIMIT + 1):
        assert try_on_page(app, "") == 200
        assert ApiClient(app).post("/tokens/", {"name": "x"}).status_code == 401


def test_owner_can_log_in_from_a_known_browser(app: Flask, ann: UserData) -> None:
    browser = new_browser(app).log_in(ann)
    browser.submit("/", {}, "/auth/logout")

    attack(app)

    assert is_in(send(browser, ann.email))


def test_owner_can_reset_the_password_and_log_in(app: Flask, ann: UserData) -> None:
    attack(app)
    browser = new_browser(app)

    set_password(browser, f"/auth/reset/{token_for(app, ann, 'reset')}")

    assert is_in(send(browser, ann.email, NEW_PASSWORD))


@pytest.mark.parametrize("change", ["password", "email"])
def test_browser_is_known_after_the_account_has_changed(
    app: Flask, ann: UserData, mailbox: Mailbox, change: str
) -> None:
    browser, email, password = new_browser(app).log_in(ann), ann.email, PASSWORD
    if change == "password":
        password = NEW_PASSWORD
        change_password(browser, ann, password)
    else:
        email = "moved@example.com"
        browser.submit("/auth/change-email", {"email": email, "password": PASSWORD})
        follow_email(browser, mailbox, email)
    browser.submit("/", {}, "/auth/logout")

    attack(app, email)

    assert is_in(send(browser, email, password))


def test_wrong_passwords_from_a_known_browser_are_counted_separately(
    app: Flask, ann: UserData
) -> None:
    browser = new_browser(app).log_in(ann)
    browser.submit("/", {}, "/auth/logout")
    for _ in range(LIMIT):
        assert send(browser, ann.email, "wrong").status == 200

    assert send(browser, ann.email, "wrong").status == 429
    assert is_in(send(new_browser(app), ann.email))


@pytest.mark.parametrize("forgery", ["of another account", "without a signature", "not ASCII"])
def test_other_cookies_do_not_help(app: Flask, make: Factory, ann: UserData, forgery: str) -> None:
    browser = new_browser(app).log_in(make.user("eve"))
    cookie = browser.client.get_cookie(COOKIE, path="/auth/login")
    assert cookie is not None
    forgeries = {"of another account": cookie.value, "not ASCII": "é"}
    value = forgeries.get(forgery, cookie.value.rpartition(".")[0])
    attack(app)

    page = new_browser(app)
    page.client.set_cookie(COOKIE, value, path="/auth/login")
    assert send(page, ann.email).status == 429


def test_cookie_is_sent_to_the_login_page_only(app: Flask, ann: UserData) -> None:
    browser = new_browser(app).log_in(ann)

    cookie = browser.client.get_cookie(COOKIE, path="/auth/login")

    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.origin_only) == (True, "Lax", True)
    assert browser.client.get_cookie(COOKIE) is None  # at /
