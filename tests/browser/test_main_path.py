"""The main user journey, on phone and desktop, light and dark, with and without JavaScript."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.contexts import DESKTOP, PHONE, Contexts
from tests.browser.user import BrowserUser
from tests.support.live_site import LiveSite
from tests.support.mailbox import Mailbox

pytestmark = pytest.mark.xdist_group("browser")

ON_PHONE = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
ON_DESKTOP = {"viewport": DESKTOP}
NEW_PASSWORD = "a quite different horse"


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({**ON_PHONE, "color_scheme": "dark"}, id="phone-dark"),
        pytest.param({**ON_DESKTOP, "color_scheme": "light"}, id="desktop-light"),
        pytest.param({**ON_PHONE, "java_script_enabled": False}, id="phone-no-script"),
    ],
)
def test_main_path(
    settings: dict[str, Any], site: LiveSite, contexts: Contexts, mailbox: Mailbox
) -> None:
    bob = site.make.user("bob")
    site.make.post(bob, "Bread is *rising*.")
    site.make.user("mod", "Moderator")
    ann = BrowserUser(contexts.new_page(site, **settings), "ann")

    ann.register()
    ann.confirm(mailbox.last(ann.email).link)
    publish_after_preview(ann, javascript=settings.get("java_script_enabled", True))
    ann.comment("Bread is rising.", "You cannot be serious.")
    ann.follow("bob")
    suspend_comment(
        BrowserUser(contexts.new_page(site, **settings), "mod"), "You cannot be serious."
    )
    ann.page.goto("/")
    ann.click_link("1 comment")
    ann.expect_text("This comment has been disabled by a moderator.")
    ann.log_out()
    ann.request_password_reset()
    ann.reset_password(mailbox.last(ann.email).link, NEW_PASSWORD)
    ann.log_in(NEW_PASSWORD)
    ann.log_out()


def publish_after_preview(ann: BrowserUser, javascript: bool) -> None:
    ann.write("My **first** words.")
    if not javascript:
        ann.click("Preview")
    preview = ann.page.locator("[data-preview-body]")
    expect(preview.locator("strong")).to_have_text("first")
    ann.click("Publish")
    expect(ann.article("My first words.").locator("strong")).to_have_text("first")


def suspend_comment(mod: BrowserUser, text: str) -> None:
    mod.log_in()
    mod.click_link("Moderate")
    mod.click("Disable")
    mod.expect_text("The comment has been disabled.")
    expect(mod.article(text).get_by_text("Disabled", exact=True)).to_be_visible()
