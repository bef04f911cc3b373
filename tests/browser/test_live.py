"""Pages show new posts and unread notifications without being reloaded."""

import os
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.contexts import Contexts
from tests.browser.page_checks import page_problems
from tests.browser.user import BrowserUser
from tests.live.listening import LiveProcess
from tests.support.live_site import LiveSite
from tests.support.servers import TIMEOUT

pytestmark = pytest.mark.xdist_group("browser")

MINUTE = 76_000  # the longest time between two requests, in milliseconds


def open_with_clock(page: Page, path: str) -> None:
    """Open a page whose timers run when the test says so."""
    page.clock.install()
    page.goto(path)


def test_new_posts_and_notifications_appear(site: LiveSite, ann: BrowserUser) -> None:
    bob, page = site.make.user("bob"), ann.page
    open_with_clock(page, "/")
    badge = page.locator("a:has([data-live])")
    expect(badge).to_have_accessible_name("Notifications")
    ann.fill("What’s on your mind?", "A thought")
    top = page.get_by_label("What’s on your mind?").bounding_box()

    site.make.post(bob, "Hello @ann")
    site.make.post(bob, "Again")
    page.clock.run_for(MINUTE)

    link = page.get_by_role("status").get_by_role("link", name="Show new posts (2)")
    expect(link).to_be_visible()
    expect(badge).to_have_accessible_name("Notifications 1 unread")
    expect(page.get_by_label("What’s on your mind?")).to_be_focused()
    assert page.get_by_label("What’s on your mind?").bounding_box() == top
    assert page_problems(page) == []
    link.click()
    ann.expect_text("Again")
    expect(page.get_by_label("What’s on your mind?")).to_have_value("A thought")
    expect(link).to_be_hidden()


def test_stream_changes_the_page(site: LiveSite, contexts: Contexts, ann: BrowserUser) -> None:
    database = str(site.app.config["SQLALCHEMY_DATABASE_URI"])
    environment = {"PATH": os.environ["PATH"], "TEST_DATABASE_URL": database}
    environment |= {"FLASK_CONFIG": "testing", "LIVE_STREAM": "true"}
    login = ann.page.context.storage_state()
    with LiveProcess(environment) as live:
        page = contexts.new_page(live, storage_state=login)  # type: ignore[arg-type]  # has a URL
        requests: list[str] = []
        page.on("request", lambda request: requests.append(urlsplit(request.url).path))
        open_with_clock(page, "/")
        badge = page.locator("a:has([data-live])")
        with page.expect_response("**/live/stream*"):
            page.clock.run_for(MINUTE)

        site.make.post(site.make.user("bob"), "Hello @ann")

        link = page.get_by_role("link", name="Show new posts (1)")
        expect(link).to_be_visible(timeout=TIMEOUT * 1000)
        expect(badge).to_have_accessible_name("Notifications 1 unread", timeout=TIMEOUT * 1000)
        assert requests.count("/live/stream") == 1
        assert requests.count("/live") == 0
        page.goto("about:blank")


def test_number_disappears_when_notifications_are_read_elsewhere(
    site: LiveSite, ann: BrowserUser
) -> None:
    site.make.post(site.make.user("bob"), "Hello @ann")
    page, other = ann.page, ann.page.context.new_page()
    open_with_clock(page, "/edit-profile")
    badge = page.locator("a:has([data-live])")
    expect(badge).to_have_accessible_name("Notifications 1 unread")

    other.goto("/notifications")
    other.get_by_role("button", name="Mark all as read").click()
    page.clock.run_for(MINUTE)

    expect(badge).to_have_accessible_name("Notifications")


def test_page_stops_asking_after_logging_out(
    site: LiveSite, contexts: Contexts, ann: BrowserUser
) -> None:
    contexts.expect_error(r"status 403: .*/live")
    page, other = ann.page, BrowserUser(ann.page.context.new_page(), "ann")
    open_with_clock(page, "/edit-profile")
    other.page.goto("/")
    other.log_out()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))

    with page.expect_response("**/live") as response:
        page.clock.run_for(MINUTE)
    page.clock.run_for(3 * MINUTE)
    page.evaluate("fetch('/live?last')")

    assert response.value.status == 403
    assert [url.rpartition("/")[2] for url in requests] == ["live", "live?last"]
