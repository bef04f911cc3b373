"""The screenshot in the README. To retake it, run:

FLASKY_SCREENSHOT=1 .venv/bin/python -m pytest tests/browser/test_screenshot.py
"""

import os

import pytest
from playwright.sync_api import StorageState

from tests.browser.contexts import Contexts
from tests.browser.demo_site import DemoSite
from tests.support.repository import ROOT

pytestmark = pytest.mark.xdist_group("browser")

SCREENSHOT = ROOT / "docs" / "screenshot.png"
MAX_BYTES = 200_000


def test_screenshot_is_a_small_png(
    demo_site: DemoSite, logins: dict[str, StorageState | None], contexts: Contexts
) -> None:
    page = contexts.new_page(demo_site, storage_state=logins["user"], color_scheme="light")
    page.goto("/")
    page.wait_for_load_state("networkidle")

    image = page.screenshot(animations="disabled", caret="hide")

    assert image.startswith(b"\x89PNG")
    assert len(image) < MAX_BYTES
    if os.environ.get("FLASKY_SCREENSHOT") or not SCREENSHOT.exists():
        SCREENSHOT.parent.mkdir(exist_ok=True)
        SCREENSHOT.write_bytes(image)
