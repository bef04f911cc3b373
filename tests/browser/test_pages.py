"""Every page in every state is accessible, fits the window and causes no errors."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser.contexts import Contexts
from tests.browser.demo_site import DemoSite
from tests.browser.page_checks import OVERFLOW, SIZES, page_problems
from tests.browser.page_states import EMPTY_SITE_STATES, MENU, PAGE_STATES, PageState
from tests.browser.user import BrowserUser
from tests.support.live_site import LiveSite

pytestmark = pytest.mark.xdist_group("browser-pages")

ROLES = sorted({state.role for state in PAGE_STATES.values()})
ROLE_NAMES = {"user": "User", "moderator": "Moderator"}
NOT_PAGES = {"api_docs.openapi", "static", "bootstrap.static", "error"}
NOT_PAGES |= {"healthz", "readyz", "metrics", "main.posts_atom", "main.user_atom"}
NOT_PAGES |= {"main.sitemap", "main.comment", "main.live", "main.live_stream"}
NOT_PAGES |= {"main.upload", "main.avatar"}
# Without an issuer, these are not found.
NOT_PAGES |= {f"auth.openid_{name}" for name in ("start", "callback", "password", "register")}
NOT_PAGES |= {"auth.identity", "auth.link_identity"}


class RolePages(Contexts):
    """A page of the demo site for each role. Shared, so that the browser's cache is warm."""

    def __init__(
        self, browser: Browser, site: DemoSite, logins: dict[str, StorageState | None]
    ) -> None:
        super().__init__(browser)
        self.pages = {role: self.new_page(site, storage_state=logins[role]) for role in ROLES}


@pytest.fixture(scope="module")
def role_pages(
    browser: Browser, demo_site: DemoSite, logins: dict[str, StorageState | None]
) -> Iterator[RolePages]:
    pages = RolePages(browser, demo_site, logins)
    yield pages
    pages.close()


def open_state(page: Page, state: PageState, path: str) -> None:
    response = page.goto(path)
    assert response is not None
    assert response.status == state.status, path
    if state.click == MENU:
        page.locator(MENU).click()
    elif state.click:
        with page.expect_navigation():
            page.locator(state.click).first.click()


def test_every_page_has_a_state(demo_site: DemoSite) -> None:
    urls = demo_site.app.url_map.bind("127.0.0.1")
    pages = {rule.endpoint for rule in urls.map.iter_rules() if "GET" in (rule.methods or ())}
    paths = {
        state.path.format(**demo_site.values).partition("?")[0]
        for state in PAGE_STATES.values()
        if state.status == 200
    }

    opened = {urls.match(path, method="GET")[0] for path in paths}

    others = {endpoint for endpoint in pages if endpoint.startswith(("api.", "site_files."))}
    assert opened == pages - NOT_PAGES - others


@pytest.mark.parametrize("state", PAGE_STATES.values(), ids=list(PAGE_STATES))
def test_page_has_no_problems(
    state: PageState, demo_site: DemoSite, role_pages: RolePages
) -> None:
    role_pages.errors.clear()
    page = role_pages.pages[state.role]
    open_state(page, state, state.path.format(**demo_site.values))

    assert page_problems(page) == []
    assert role_pages.unexpected_errors() == []


@pytest.mark.parametrize("role", ROLES)
def test_pages_fit_a_phone_in_chinese(
    role: str,
    demo_site: DemoSite,
    logins: dict[str, StorageState | None],
    contexts: Contexts,
) -> None:
    page = contexts.new_page(demo_site, storage_state=logins[role], viewport=SIZES["phone"])
    page.context.add_cookies([{"name": "lang", "value": "zh_Hans", "url": demo_site.url}])
    overflowing = []
    for name, state in PAGE_STATES.items():
        if state.role == role and not state.click:
            page.goto(state.path.format(**demo_site.values))
            expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
            if page.evaluate(OVERFLOW) > 0:
                overflowing.append(name)

    assert overflowing == []


@pytest.mark.parametrize("state", EMPTY_SITE_STATES.values(), ids=list(EMPTY_SITE_STATES))
def test_page_of_an_empty_site_has_no_problems(
    state: PageState, site: LiveSite, contexts: Contexts
) -> None:
    page = contexts.new_page(site)
    if state.role in ROLE_NAMES:
        site.make.user("ann", ROLE_NAMES[state.role])
        BrowserUser(page, "ann").log_in()
    open_state(page, state, state.path)

    assert page.locator(".empty").is_visible()
    assert page_problems(page) == []
