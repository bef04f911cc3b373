"""Keyboard navigation: focus order, visible focus, menus."""

from typing import Any

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.contexts import Contexts
from tests.browser.demo_site import DemoSite
from tests.browser.user import BrowserUser
from tests.support.live_site import LiveSite

pytestmark = pytest.mark.xdist_group("browser")

FOCUS = """
() => {
  const node = document.activeElement;
  const style = getComputedStyle(node);
  const box = node.getBoundingClientRect();
  return {
    name: `${node.tagName} ${node.textContent.trim().slice(0, 30)} ${node.name ?? ""}`,
    onPage: node !== document.body && node !== document.documentElement,
    visible: node.matches(":focus-visible") && style.outlineStyle !== "none"
      && parseFloat(style.outlineWidth) >= 2,
    inView: box.bottom > 0 && box.top < innerHeight && box.width > 0,
  };
}
"""
MAX_STOPS = 80


def tab_stops(page: Page) -> list[dict[str, Any]]:
    """Press Tab until the focus leaves the page; return the focused elements, in order."""
    stops: list[dict[str, Any]] = []
    for _ in range(MAX_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if not stop["onPage"]:
            break
        stops.append(stop)
    return stops


def is_focused(page: Page, selector: str) -> bool:
    return bool(page.evaluate("(selector) => document.activeElement.matches(selector)", selector))


@pytest.mark.parametrize("path", ["/", "/auth/login", "/missing", "/error/500"])
def test_skip_link_is_first_and_jumps_to_the_content(
    path: str, demo_site: DemoSite, contexts: Contexts
) -> None:
    page = contexts.new_page(demo_site)
    page.goto(path)

    page.keyboard.press("Tab")
    assert is_focused(page, ".skip-link")
    assert page.locator(".skip-link").bounding_box()["y"] >= 0  # type: ignore[index]  # never None

    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert is_focused(page, "main *")


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("/", "user"),
        ("/auth/login", "anonymous"),
        ("/preferences", "anonymous"),
        ("/user/tom", "administrator"),
        ("/moderate", "moderator"),
        ("/edit-profile/{maya}", "administrator"),
    ],
)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_focus_is_visible_at_every_stop(
    path: str,
    role: str,
    theme: str,
    demo_site: DemoSite,
    logins: dict[str, StorageState | None],
    contexts: Contexts,
) -> None:
    page = contexts.new_page(demo_site, storage_state=logins[role], color_scheme=theme)
    page.goto(path.format(**demo_site.values))

    stops = tab_stops(page)

    assert len(stops) > 4
    assert [stop["name"] for stop in stops if not (stop["visible"] and stop["inView"])] == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_menu_opens_with_enter(
    scripts: bool,
    demo_site: DemoSite,
    logins: dict[str, StorageState | None],
    contexts: Contexts,
) -> None:
    page = contexts.new_page(demo_site, storage_state=logins["user"], java_script_enabled=scripts)
    page.goto("/")

    page.locator("header summary").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("button", name="Log out")).to_be_visible()


@pytest.mark.parametrize("tabs", [0, 2], ids=["button", "item"])
def test_escape_closes_the_menu_and_returns_the_focus(
    tabs: int,
    demo_site: DemoSite,
    logins: dict[str, StorageState | None],
    contexts: Contexts,
) -> None:
    page = contexts.new_page(demo_site, storage_state=logins["user"])
    page.goto("/")
    page.locator("header summary").focus()
    page.keyboard.press("Enter")
    for _ in range(tabs):
        page.keyboard.press("Tab")

    page.keyboard.press("Escape")

    expect(page.get_by_role("button", name="Log out")).to_be_hidden()
    assert is_focused(page, "header summary")


def test_menu_closes_when_it_loses_the_focus(
    demo_site: DemoSite, logins: dict[str, StorageState | None], contexts: Contexts
) -> None:
    page = contexts.new_page(demo_site, storage_state=logins["user"])
    page.goto("/")
    page.locator("header summary").focus()
    page.keyboard.press("Enter")

    page.keyboard.press("Shift+Tab")

    expect(page.get_by_role("button", name="Log out")).to_be_hidden()


def test_focus_stays_on_the_follow_button(site: LiveSite, ann: BrowserUser) -> None:
    site.make.user("bob")
    ann.page.goto("/user/bob")

    for label in ("Unfollow", "Follow"):
        ann.page.locator("[data-follow] button").focus()
        with ann.page.expect_request("**/*follow/bob") as request:
            ann.page.keyboard.press("Enter")
        expect(ann.page.get_by_role("button", name=label, exact=True)).to_be_focused()
        assert request.value.resource_type == "fetch"
