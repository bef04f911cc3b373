"""What is asked of every page, in light and dark, on a phone and on a desk."""

from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe()
SIZES = {"phone": {"width": 360, "height": 780}, "desk": {"width": 1280, "height": 900}}
COLOURS: tuple[Literal["light", "dark"], ...] = ("light", "dark")
CONTRAST = "color-contrast"
NO_CONTRAST = {CONTRAST: {"enabled": False}}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDE = """
() => [...document.querySelectorAll("body *")]
  .filter((part) => part.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((part) => part.outerHTML.slice(0, 120)).slice(-3)
"""


def complaints(page: Page) -> list[str]:
    """Return what is wrong with `page`, in words.

    All that a phone shows is on the desk too, in the same colours: contrast is measured there
    alone, since it takes longer than all the rest.
    """
    found: list[str] = []
    for size, viewport in SIZES.items():
        page.set_viewport_size({"width": viewport["width"], "height": viewport["height"]})
        if page.evaluate(OVERFLOW) > 0:
            found.append(f"{size}: scrolls sideways because of {page.evaluate(WIDE)}")
        found += [f"{size}: {text}" for text in inaccessible(page, {"rules": NO_CONTRAST})]
    for colours in COLOURS:
        page.emulate_media(color_scheme=colours)
        found += [f"{colours}: {text}" for text in inaccessible(page, {"runOnly": [CONTRAST]})]
    return found


def inaccessible(page: Page, options: dict[str, Any]) -> list[str]:
    """Return what axe-core finds."""
    answer = AXE.run(page, options={"resultTypes": ["violations"], **options})
    violations: list[dict[str, Any]] = answer.response["violations"]
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    ]
