"""The site without a mouse."""

from typing import Any

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.demo_site import DemoSite
from tests.browser.live_site import LiveSite
from tests.browser.person import Someone
from tests.browser.windows import Windows

pytestmark = pytest.mark.xdist_group("browser")

FOCUS = """
() => {
  const part = document.activeElement;
  const style = getComputedStyle(part);
  const box = part.getBoundingClientRect();
  return {
    name: `${part.tagName} ${part.textContent.trim().slice(0, 30)} ${part.name ?? ""}`,
    onPage: part !== document.body && part !== document.documentElement,
    marked: part.matches(":focus-visible") && style.outlineStyle !== "none"
      && parseFloat(style.outlineWidth) >= 2,
    shown: box.bottom > 0 && box.top < innerHeight && box.width > 0,
  };
}
"""
MOST_STOPS = 80


def stops(page: Page) -> list[dict[str, Any]]:
    """Press Tab until the page has no more to offer; return what had the focus, in order."""
    found: list[dict[str, Any]] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if not stop["onPage"]:
            break
        found.append(stop)
    return found


def focused(page: Page, selector: str) -> bool:
    return bool(page.evaluate("(part) => document.activeElement.matches(part)", selector))


@pytest.mark.parametrize("path", ["/", "/auth/login", "/nothing", "/error/500"])
def test_skip_link_comes_first_and_leads_to_the_content(
    path: str, demo_site: DemoSite, windows: Windows
) -> None:
    page = windows.open(demo_site)
    page.goto(path)

    page.keyboard.press("Tab")
    assert focused(page, ".skip-link")
    assert page.locator(".skip-link").bounding_box()["y"] >= 0  # type: ignore[index]  # it has one

    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert focused(page, "main *")


@pytest.mark.parametrize(
    ("path", "reader"),
    [
        ("/", "user"),
        ("/auth/login", "anonymous"),
        ("/preferences", "anonymous"),
        ("/user/tom", "administrator"),
        ("/moderate", "moderator"),
        ("/edit-profile/{maya}", "administrator"),
    ],
)
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_focus_is_visible_at_every_stop(
    path: str,
    reader: str,
    colours: str,
    demo_site: DemoSite,
    logins: dict[str, StorageState | None],
    windows: Windows,
) -> None:
    page = windows.open(demo_site, storage_state=logins[reader], color_scheme=colours)
    page.goto(path.format(**demo_site.known))

    found = stops(page)

    assert len(found) > 4
    assert [stop["name"] for stop in found if not (stop["marked"] and stop["shown"])] == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_menu_opens_with_enter(
    scripts: bool,
    demo_site: DemoSite,
    logins: dict[str, StorageState | None],
    windows: Windows,
) -> None:
    page = windows.open(demo_site, storage_state=logins["user"], java_script_enabled=scripts)
    page.goto("/")

    page.locator("header summary").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("button", name="Log out")).to_be_visible()


@pytest.mark.parametrize("tabs", [0, 2], ids=["on-the-button", "inside"])
def test_menu_closes_with_escape_and_gives_the_focus_back(
    tabs: int,
    demo_site: DemoSite,
    logins: dict[str, StorageState | None],
    windows: Windows,
) -> None:
    page = windows.open(demo_site, storage_state=logins["user"])
    page.goto("/")
    page.locator("header summary").focus()
    page.keyboard.press("Enter")
    for _ in range(tabs):
        page.keyboard.press("Tab")

    page.keyboard.press("Escape")

    expect(page.get_by_role("button", name="Log out")).to_be_hidden()
    assert focused(page, "header summary")


def test_menu_closes_when_the_focus_leaves_it(
    demo_site: DemoSite, logins: dict[str, StorageState | None], windows: Windows
) -> None:
    page = windows.open(demo_site, storage_state=logins["user"])
    page.goto("/")
    page.locator("header summary").focus()
    page.keyboard.press("Enter")

    page.keyboard.press("Shift+Tab")

    expect(page.get_by_role("button", name="Log out")).to_be_hidden()


def test_focus_stays_on_the_button_that_follows(site: LiveSite, windows: Windows) -> None:
    site.make.user("bob")
    site.make.user("ann")
    ann = Someone(windows.open(site), "ann")
    ann.log_in()
    ann.page.goto("/user/bob")

    for done in ("Unfollow", "Follow"):
        ann.page.locator("[data-follow] button").focus()
        with ann.page.expect_request("**/*follow/bob") as sent:
            ann.page.keyboard.press("Enter")
        expect(ann.page.get_by_role("button", name=done, exact=True)).to_be_focused()
        assert sent.value.resource_type == "fetch"
