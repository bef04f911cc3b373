"""Chromium, and sites that it can open."""

from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
from playwright.sync_api import Browser, StorageState, sync_playwright

from tests.browser.contexts import Contexts
from tests.browser.demo_site import DemoSite
from tests.browser.user import BrowserUser
from tests.support.authenticator_app import add_authenticator
from tests.support.databases import clear_database, migrated, new_sqlite_url
from tests.support.live_site import LiveSite, make_live_app
from tests.support.mailbox import Mailbox

HERE = Path(__file__).parent
ARGUMENTS = [
    "--no-sandbox",  # CI runs as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Requests to any other host fail, as without a network.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder with `browser`."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once per test run."""
    # The same browser without a user interface, which the tests do not use, is faster.
    path = which("chromium-headless-shell") or which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed. Run: sudo apt install chromium-headless-shell")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def contexts(browser: Browser) -> Iterator[Contexts]:
    """Opens pages; the test fails if one of them has an unexpected error."""
    contexts = Contexts(browser)
    yield contexts
    contexts.close()
    assert contexts.unexpected_errors() == []


@pytest.fixture(scope="session")
def shared_site(
    tmp_path_factory: pytest.TempPathFactory, mail_server: Mailbox
) -> Iterator[LiveSite]:
    """The live site behind `site`, started once per test run."""
    url = new_sqlite_url(tmp_path_factory.mktemp("live"))
    app = make_live_app(url, mail_server)
    with migrated(app), LiveSite(app) as site:
        yield site


@pytest.fixture
def site(shared_site: LiveSite, mail_server: Mailbox) -> Iterator[LiveSite]:
    """A live site with roles and no other rows."""
    mail_server.clear()
    yield shared_site
    clear_database(shared_site.app)


@pytest.fixture
def ann(site: LiveSite, contexts: Contexts) -> BrowserUser:
    """A logged-in user."""
    site.make.user("ann")
    user = BrowserUser(contexts.new_page(site), "ann")
    user.log_in()
    return user


@pytest.fixture(scope="session")
def demo_site(
    tmp_path_factory: pytest.TempPathFactory, mail_server: Mailbox
) -> Iterator[DemoSite]:
    """A read-only live site with demo data, and with two pages in every list."""
    url = new_sqlite_url(tmp_path_factory.mktemp("demo"))
    per_page = {f"FLASKY_{rows}_PER_PAGE": 4 for rows in ("POSTS", "COMMENTS", "FOLLOWERS")}
    app = make_live_app(url, mail_server, **per_page)
    with migrated(app), DemoSite(app) as site:
        yield site


@pytest.fixture(scope="session")
def logins(browser: Browser, demo_site: DemoSite) -> dict[str, StorageState | None]:
    """The cookies of each role on the demo site."""
    states: dict[str, StorageState | None] = {"anonymous": None}
    for role, user in demo_site.users.items():
        page = browser.new_page(base_url=demo_site.url)
        page.goto("/auth/login")
        page.get_by_label("Email").fill(user.email)
        page.get_by_label("Password", exact=True).fill(user.password)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{demo_site.url}/")
        states[role] = page.context.storage_state()
        page.context.close()
    add_authenticator(demo_site.app, demo_site.users["moderator"])
    return states
