"""Colours and language, as chosen by the reader or by the reader's system."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live_site import LiveSite
from tests.browser.windows import Windows

pytestmark = pytest.mark.xdist_group("browser")

PAPER = "getComputedStyle(document.body).backgroundColor"
COLOURS = """
() => [...document.querySelectorAll("body, body *:not(script)")].map((part) => {
  const { color, backgroundColor, borderColor } = getComputedStyle(part);
  return [part.tagName, part.className.baseVal ?? part.className, color, backgroundColor,
    borderColor];
})
"""
CHINESE = re.compile(r"[\u4e00-\u9fff]{2}")
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


def is_dark(page: Page) -> bool:
    red, green, blue = re.findall(r"\d+", page.evaluate(PAPER))[:3]
    return int(red) + int(green) + int(blue) < 3 * 128


def switch(page: Page, name: str) -> None:
    """Press the theme button until it says `name`."""
    button = page.locator("[data-theme-toggle]")
    for _ in range(3):
        if button.get_attribute("aria-label") == name:
            return
        button.click()
    raise AssertionError(f"The button never says {name!r}.")


def choose(page: Page, *labels: str) -> None:
    page.goto("/preferences")
    for label in labels:
        page.get_by_label(label, exact=True).check()
    page.locator("main [type=submit]").click()
    page.wait_for_url("**/")


@SCRIPTS
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_colours_are_those_of_the_system(
    colours: str, scripts: bool, site: LiveSite, windows: Windows
) -> None:
    page = windows.open(site, color_scheme=colours, java_script_enabled=scripts)

    page.goto("/")

    assert is_dark(page) == (colours == "dark")


@pytest.mark.parametrize(("system", "choice"), [("light", "dark"), ("dark", "light")])
def test_switch_changes_colours_at_once_and_for_later(
    system: str, choice: str, site: LiveSite, windows: Windows
) -> None:
    page = windows.open(site, color_scheme=system)
    page.goto("/")

    switch(page, f"Theme: {choice}")
    at_once = is_dark(page)
    page.goto("/auth/login")

    assert (at_once, is_dark(page)) == (choice == "dark", choice == "dark")


def test_switch_goes_back_to_the_system(site: LiveSite, windows: Windows) -> None:
    page = windows.open(site, color_scheme="dark")
    page.goto("/")
    switch(page, "Theme: light")

    switch(page, "Theme: same as the system")

    assert is_dark(page)
    page.reload()
    assert is_dark(page)


@SCRIPTS
def test_preferences_change_colours(scripts: bool, site: LiveSite, windows: Windows) -> None:
    page = windows.open(site, color_scheme="light", java_script_enabled=scripts)

    choose(page, "Dark")

    assert is_dark(page)


def test_chosen_and_system_dark_are_the_same(site: LiveSite, windows: Windows) -> None:
    by_system = windows.open(site, color_scheme="dark")
    by_system.goto("/auth/login")
    by_choice = windows.open(site, color_scheme="light")
    choose(by_choice, "Dark")
    by_choice.goto("/auth/login")

    assert by_choice.evaluate(COLOURS) == by_system.evaluate(COLOURS)


@SCRIPTS
def test_language_is_switched_to_chinese_and_back(
    scripts: bool, site: LiveSite, windows: Windows
) -> None:
    page = windows.open(site, java_script_enabled=scripts)

    choose(page, "简体中文")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.locator("h1")).to_have_text(CHINESE)
    expect(page.get_by_role("banner")).to_have_text(CHINESE)

    choose(page, "English")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("h1")).not_to_have_text(CHINESE)


def test_browser_that_prefers_chinese_gets_it(site: LiveSite, windows: Windows) -> None:
    page = windows.open(site, locale="zh-CN")

    page.goto("/auth/login")

    expect(page.locator("h1")).to_have_text(CHINESE)
