"""From the first visit to logging out, on phones and desks, in light and dark."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.live_site import LiveSite
from tests.browser.person import Someone
from tests.browser.windows import DESKTOP, PHONE, Windows
from tests.mailbox import Mailbox

pytestmark = pytest.mark.xdist_group("browser")

AS_PHONE = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
AS_DESK = {"viewport": DESKTOP}
NEW_PASSWORD = "a quite different horse"


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({**AS_PHONE, "color_scheme": "light"}, id="phone-light"),
        pytest.param({**AS_PHONE, "color_scheme": "dark"}, id="phone-dark"),
        pytest.param({**AS_DESK, "color_scheme": "light"}, id="desk-light"),
        pytest.param({**AS_DESK, "color_scheme": "dark"}, id="desk-dark"),
        pytest.param({**AS_PHONE, "java_script_enabled": False}, id="phone-no-script"),
        pytest.param({**AS_DESK, "java_script_enabled": False}, id="desk-no-script"),
    ],
)
def test_main_path(
    settings: dict[str, Any], site: LiveSite, windows: Windows, letters: Mailbox
) -> None:
    bob = site.make.user("bob")
    site.make.post(bob, "Bread is *rising*.")
    site.make.user("mod", "Moderator")
    ann = Someone(windows.open(site, **settings), "ann")

    ann.register()
    ann.confirm(letters.last(ann.email).link)
    publish_after_preview(ann, scripts=settings.get("java_script_enabled", True))
    ann.comment("Bread is rising.", "You cannot be serious.")
    ann.follow("bob")
    suspend_comment(Someone(windows.open(site, **settings), "mod"), "You cannot be serious.")
    ann.page.goto("/")
    ann.follow_link("1 comment")
    ann.sees("This comment has been disabled by a moderator.")
    ann.log_out()
    ann.ask_for_a_new_password()
    ann.set_password(letters.last(ann.email).link, NEW_PASSWORD)
    ann.log_in(NEW_PASSWORD)
    ann.log_out()


def publish_after_preview(ann: Someone, scripts: bool) -> None:
    ann.write("My **first** words.")
    if not scripts:
        ann.press("Preview")
    preview = ann.page.locator("[data-preview-body]")
    expect(preview.locator("strong")).to_have_text("first")
    ann.press("Publish")
    expect(ann.article("My first words.").locator("strong")).to_have_text("first")


def suspend_comment(mod: Someone, text: str) -> None:
    mod.log_in()
    mod.follow_link("Moderate")
    mod.press("Disable")
    mod.sees("The comment is hidden from readers now.")
    expect(mod.article(text).get_by_text("Disabled", exact=True)).to_be_visible()
