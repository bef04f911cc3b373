"""Accessibility and horizontal overflow of a page, on phone and desktop, light and dark."""

from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

AXE = Axe()
SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 360, "height": 780},
    "desktop": {"width": 1280, "height": 900},
}
CONTRAST = "color-contrast"
# Window, theme, and the rules of axe-core. Contrast is the slowest, and colors are the same on
# phones; the other rules do not depend on the theme.
VIEWS: list[tuple[str, Literal["light", "dark"], dict[str, Any]]] = [
    ("phone", "light", {"rules": {CONTRAST: {"enabled": False}}}),
    ("desktop", "light", {}),
    ("desktop", "dark", {"runOnly": [CONTRAST]}),
]
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OVERFLOWING_ELEMENTS = """
() => [...document.querySelectorAll("body *")]
  .filter((node) => node.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((node) => node.outerHTML.slice(0, 120)).slice(-3)
"""


def page_problems(page: Page) -> list[str]:
    """Return the problems of `page` in each of VIEWS."""
    problems: list[str] = []
    for size, theme, options in VIEWS:
        page.set_viewport_size(SIZES[size])
        page.emulate_media(color_scheme=theme)
        if page.evaluate(OVERFLOW) > 0:
            problems.append(f"{size}: overflows: {page.evaluate(OVERFLOWING_ELEMENTS)}")
        problems += [f"{size}, {theme}: {text}" for text in violations(page, options)]
    return problems


def violations(page: Page, options: dict[str, Any]) -> list[str]:
    """Return the accessibility violations that axe-core finds."""
    results = AXE.run(page, options={"resultTypes": ["violations"], **options})
    found: list[dict[str, Any]] = results.response["violations"]
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in found
        for node in violation["nodes"]
    ]
