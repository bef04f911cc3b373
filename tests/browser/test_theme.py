"""Theme and language, as chosen by the user or by the system."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.contexts import Contexts
from tests.support.live_site import LiveSite

pytestmark = pytest.mark.xdist_group("browser")

BACKGROUND = "getComputedStyle(document.body).backgroundColor"
COLORS = """
() => [...document.querySelectorAll("body, body *:not(script)")].map((node) => {
  const { color, backgroundColor, borderColor } = getComputedStyle(node);
  return [node.tagName, node.className.baseVal ?? node.className, color, backgroundColor,
    borderColor];
})
"""
CHINESE = re.compile(r"[\u4e00-\u9fff]{2}")
JAVASCRIPT = pytest.mark.parametrize(
    "javascript", [True, False], ids=["javascript", "no-javascript"]
)


def is_dark(page: Page) -> bool:
    red, green, blue = re.findall(r"\d+", page.evaluate(BACKGROUND))[:3]
    return int(red) + int(green) + int(blue) < 3 * 128


def set_theme(page: Page, name: str) -> None:
    """Click the theme button until its label is `name`."""
    button = page.locator("[data-theme-toggle]")
    for _ in range(3):
        if button.get_attribute("aria-label") == name:
            return
        button.click()
    raise AssertionError(f"The theme button has no state {name!r}.")


def choose(page: Page, *labels: str) -> None:
    page.goto("/preferences")
    for label in labels:
        page.get_by_label(label, exact=True).check()
    page.locator("main [type=submit]").click()
    page.wait_for_url("**/")


@JAVASCRIPT
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_default_theme_is_that_of_the_system(
    theme: str, javascript: bool, site: LiveSite, contexts: Contexts
) -> None:
    page = contexts.new_page(site, color_scheme=theme, java_script_enabled=javascript)

    page.goto("/")

    assert is_dark(page) == (theme == "dark")


@pytest.mark.parametrize(("system", "choice"), [("light", "dark"), ("dark", "light")])
def test_theme_button_changes_this_page_and_the_next(
    system: str, choice: str, site: LiveSite, contexts: Contexts
) -> None:
    page = contexts.new_page(site, color_scheme=system)
    page.goto("/")

    set_theme(page, f"Theme: {choice}")
    now = is_dark(page)
    page.goto("/auth/login")

    assert (now, is_dark(page)) == (choice == "dark", choice == "dark")


def test_theme_button_returns_to_the_system_theme(site: LiveSite, contexts: Contexts) -> None:
    page = contexts.new_page(site, color_scheme="dark")
    page.goto("/")
    set_theme(page, "Theme: light")

    set_theme(page, "Theme: system")

    assert is_dark(page)
    page.reload()
    assert is_dark(page)


@JAVASCRIPT
def test_preferences_change_the_theme(
    javascript: bool, site: LiveSite, contexts: Contexts
) -> None:
    page = contexts.new_page(site, color_scheme="light", java_script_enabled=javascript)

    choose(page, "Dark")

    assert is_dark(page)


def test_dark_theme_has_the_same_colors_by_choice_and_by_system(
    site: LiveSite, contexts: Contexts
) -> None:
    by_system = contexts.new_page(site, color_scheme="dark")
    by_system.goto("/auth/login")
    by_choice = contexts.new_page(site, color_scheme="light")
    choose(by_choice, "Dark")
    by_choice.goto("/auth/login")

    assert by_choice.evaluate(COLORS) == by_system.evaluate(COLORS)


@JAVASCRIPT
def test_preferences_change_the_language(
    javascript: bool, site: LiveSite, contexts: Contexts
) -> None:
    page = contexts.new_page(site, java_script_enabled=javascript)

    choose(page, "简体中文")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.locator("h1")).to_have_text(CHINESE)
    expect(page.get_by_role("banner")).to_have_text(CHINESE)

    choose(page, "English")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).not_to_have_text(CHINESE)


def test_default_language_is_that_of_the_browser(site: LiveSite, contexts: Contexts) -> None:
    page = contexts.new_page(site, locale="zh-CN")

    page.goto("/auth/login")

    expect(page.locator("h1")).to_have_text(CHINESE)
