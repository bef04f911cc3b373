"""Times are localized by JavaScript, and in UTC without it."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.browser.contexts import Contexts
from tests.support.live_site import LiveSite

pytestmark = pytest.mark.xdist_group("browser")

EVENING = datetime(2024, 3, 1, 20, 30, 15, tzinfo=UTC)  # March 2 in Shanghai


def open_post(site: LiveSite, contexts: Contexts, **settings: object) -> Page:
    post = site.make.post(site.make.user("ann"), timestamp=EVENING)
    page = contexts.new_page(site, timezone_id="Asia/Shanghai", **settings)
    page.goto(f"/post/{post}")
    return page


@pytest.mark.parametrize(
    ("locale", "parts", "day"),
    [
        ("en-US", ["March 2, 2024", "4:30:15", "China Standard Time"], "Mar 2, 2024"),
        ("zh-CN", ["2024年3月2日", "04:30:15", "中国标准时间"], "2024年3月2日"),
    ],
)
def test_time_is_in_the_local_time_zone(
    locale: str, parts: list[str], day: str, site: LiveSite, contexts: Contexts
) -> None:
    page = open_post(site, contexts, locale=locale)

    moment = page.locator("article time").first
    expect(moment).to_have_text(day)
    title = moment.get_attribute("title") or ""
    assert [part for part in parts if part not in title] == [], title


def test_time_is_in_utc_without_javascript(site: LiveSite, contexts: Contexts) -> None:
    page = open_post(site, contexts, java_script_enabled=False)

    title = page.locator("article time").first.get_attribute("title") or ""

    assert [part for part in ("March 1, 2024", "8:30:15", "UTC") if part not in title] == [], title


def test_new_post_shows_now(site: LiveSite, contexts: Contexts) -> None:
    site.make.post(site.make.user("ann"), timestamp=datetime.now(UTC))
    page = contexts.new_page(site, timezone_id="Asia/Shanghai")

    page.goto("/")

    expect(page.locator("article time").first).to_have_text("now")
