"""Times in the reader's zone and language, where scripts run; in UTC where they do not."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live_site import LiveSite
from tests.browser.windows import Windows

pytestmark = pytest.mark.xdist_group("browser")

EVENING = datetime(2024, 3, 1, 20, 30, 15, tzinfo=UTC)  # the next morning in Shanghai


def post_seen(site: LiveSite, windows: Windows, **settings: object) -> Page:
    post = site.make.post(site.make.user("ann"), timestamp=EVENING)
    page = windows.open(site, timezone_id="Asia/Shanghai", **settings)
    page.goto(f"/post/{post}")
    return page


@pytest.mark.parametrize(
    ("locale", "words", "day"),
    [
        ("en-US", ["March 2, 2024", "4:30:15", "China Standard Time"], "Mar 2, 2024"),
        ("zh-CN", ["2024年3月2日", "04:30:15", "中国标准时间"], "2024年3月2日"),
    ],
    ids=["english", "chinese"],
)
def test_time_is_told_in_the_zone_of_the_reader(
    locale: str, words: list[str], day: str, site: LiveSite, windows: Windows
) -> None:
    page = post_seen(site, windows, locale=locale)

    moment = page.locator("article time").first
    expect(moment).to_have_text(day)
    title = moment.get_attribute("title") or ""
    assert [word for word in words if word not in title] == [], title


def test_time_is_told_in_utc_without_scripts(site: LiveSite, windows: Windows) -> None:
    page = post_seen(site, windows, java_script_enabled=False)

    title = page.locator("article time").first.get_attribute("title") or ""

    assert [word for word in ("March 1, 2024", "8:30:15", "UTC") if word not in title] == [], title


def test_new_post_was_written_just_now(site: LiveSite, windows: Windows) -> None:
    site.make.post(site.make.user("ann"), timestamp=datetime.now(UTC))
    page = windows.open(site, timezone_id="Asia/Shanghai")

    page.goto("/")

    expect(page.locator("article time").first).to_have_text("now")
