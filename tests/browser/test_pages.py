"""Every page: accessible, as wide as the window, at peace with the policy, and on its own."""

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.demo_site import DemoSite
from tests.browser.inspection import OVERFLOW, SIZES, complaints
from tests.browser.live_site import LiveSite
from tests.browser.sights import EMPTY_SIGHTS, MENU, SIGHTS, Sight
from tests.browser.windows import Windows

pytestmark = pytest.mark.xdist_group("browser-pages")

READERS = sorted({sight.reader for sight in SIGHTS.values()})
ROLES = {"user": "User", "moderator": "Moderator"}
NO_PAGES = {
    "api_docs.openapi",
    "static",
    "bootstrap.static",
    "error",
    "healthz",
    "readyz",
    "metrics",
}


def visit(page: Page, sight: Sight, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == sight.status, path
    if sight.click == MENU:
        page.locator(MENU).click()
    elif sight.click:
        with page.expect_navigation():
            page.locator(sight.click).first.click()


def test_every_address_is_visited(demo_site: DemoSite) -> None:
    addresses = demo_site.app.url_map.bind("127.0.0.1")
    pages = {rule.endpoint for rule in addresses.map.iter_rules() if "GET" in (rule.methods or ())}
    paths = {
        sight.path.format(**demo_site.known).partition("?")[0]
        for sight in SIGHTS.values()
        if sight.status == 200
    }

    visited = {addresses.match(path, method="GET")[0] for path in paths}

    programs = {endpoint for endpoint in pages if endpoint.startswith("api.")}
    assert visited == pages - NO_PAGES - programs


@pytest.mark.parametrize("sight", SIGHTS.values(), ids=list(SIGHTS))
def test_page_is_in_order(
    sight: Sight,
    demo_site: DemoSite,
    logins: dict[str, StorageState | None],
    windows: Windows,
) -> None:
    page = windows.open(demo_site, storage_state=logins[sight.reader])
    visit(page, sight, sight.path.format(**demo_site.known))

    assert complaints(page) == []


@pytest.mark.parametrize("reader", READERS)
def test_pages_fit_a_phone_in_chinese(
    reader: str,
    demo_site: DemoSite,
    logins: dict[str, StorageState | None],
    windows: Windows,
) -> None:
    """What fits in English need not fit in another language."""
    page = windows.open(demo_site, storage_state=logins[reader], viewport=SIZES["phone"])
    page.context.add_cookies([{"name": "lang", "value": "zh_Hans", "url": demo_site.address}])
    too_wide = []
    for name, sight in SIGHTS.items():
        if sight.reader == reader and not sight.click:
            page.goto(sight.path.format(**demo_site.known))
            expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
            if page.evaluate(OVERFLOW) > 0:
                too_wide.append(name)

    assert too_wide == []


@pytest.mark.parametrize("sight", EMPTY_SIGHTS.values(), ids=list(EMPTY_SIGHTS))
def test_page_of_an_empty_site_is_in_order(sight: Sight, site: LiveSite, windows: Windows) -> None:
    page = windows.open(site)
    if sight.reader in ROLES:
        person = site.make.user("ann", ROLES[sight.reader])
        page.goto("/auth/login")
        page.get_by_label("E-mail address").fill(person.email)
        page.get_by_label("Password", exact=True).fill(person.password)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/")
    visit(page, sight, sight.path)

    assert page.locator(".empty").is_visible()
    assert complaints(page) == []
