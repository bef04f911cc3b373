"""The screenshots of the documentation. To retake them, run:

FLASKY_SCREENSHOTS=1 .venv/bin/python -m pytest tests/browser/test_screenshots.py
"""

import os
import re

import pytest
from playwright.sync_api import StorageState

from tests.browser.contexts import DESKTOP, PHONE, Contexts
from tests.browser.demo_site import DemoSite
from tests.support.repository import ROOT

pytestmark = pytest.mark.xdist_group("browser")

FOLDER = ROOT / "docs" / "screenshots"
PAGES = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
MAX_BYTES = 200_000
# The path, the role of the user, the color scheme and the size of the window.
SCREENSHOTS = {
    "home": ("/", "user", "light", DESKTOP),
    "home-phone": ("/", "anonymous", "dark", PHONE),
    "post-phone": ("/post/{moderated_post}", "user", "light", PHONE),
    "notifications": ("/notifications", "user", "dark", DESKTOP),
    "settings": ("/auth/settings", "user", "light", DESKTOP),
    "users": ("/admin/users", "administrator", "light", DESKTOP),
    "report": ("/admin/reports/{report}", "moderator", "dark", DESKTOP),
    "api": ("/api/docs", "user", "light", DESKTOP),
}


@pytest.mark.parametrize("name", SCREENSHOTS)
def test_screenshot_is_a_small_png(
    name: str, demo_site: DemoSite, logins: dict[str, StorageState | None], contexts: Contexts
) -> None:
    path, role, scheme, size = SCREENSHOTS[name]
    page = contexts.new_page(
        demo_site, storage_state=logins[role], color_scheme=scheme, viewport=size
    )
    page.goto(path.format(**demo_site.values))

    image = page.screenshot(animations="disabled", caret="hide")

    assert image.startswith(b"\x89PNG")
    assert len(image) < MAX_BYTES
    if os.environ.get("FLASKY_SCREENSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / f"{name}.png").write_bytes(image)


def test_every_screenshot_exists_and_is_shown() -> None:
    links = [re.findall(r"screenshots/([\w-]+)\.png", page.read_text()) for page in PAGES]
    shown = {name for names in links for name in names}

    assert {path.stem for path in FOLDER.iterdir()} == set(SCREENSHOTS) == shown
