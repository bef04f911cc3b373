"""The picture in the README. To take it anew, set FLASKY_SCREENSHOT=1 and run this file:

FLASKY_SCREENSHOT=1 .venv/bin/python -m pytest tests/browser/test_screenshot.py
"""

import os

import pytest
from playwright.sync_api import StorageState

from tests.browser.demo_site import DemoSite
from tests.browser.windows import Windows
from tests.repository import ROOT

pytestmark = pytest.mark.xdist_group("browser")

PICTURE = ROOT / "docs" / "screenshot.png"
LARGEST = 200_000  # bytes


def test_home_page_makes_a_picture_for_the_readme(
    demo_site: DemoSite, logins: dict[str, StorageState | None], windows: Windows
) -> None:
    page = windows.open(demo_site, storage_state=logins["user"], color_scheme="light")
    page.goto("/")
    page.wait_for_load_state("networkidle")

    picture = page.screenshot(animations="disabled", caret="hide")

    assert picture.startswith(b"\x89PNG")
    assert len(picture) < LARGEST
    if os.environ.get("FLASKY_SCREENSHOT") or not PICTURE.exists():
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_bytes(picture)
