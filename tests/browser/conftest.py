"""A real Chromium, and real sites for it to visit."""

from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
from playwright.sync_api import Browser, StorageState, sync_playwright

from tests.browser.demo_site import DemoSite
from tests.browser.live_site import LiveSite, make_live_app
from tests.browser.windows import Windows
from tests.databases import clean, migrated, new_sqlite_url
from tests.mailbox import Mailbox

HERE = Path(__file__).parent
ARGUMENTS = [
    "--no-sandbox",  # the build runs as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page that asks another host is to fail here as it would without a network.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that none forgets it."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, one for all tests of this run."""
    path = which("chromium")
    if path is None:
        pytest.skip("There is no Chromium here. Install it: sudo apt install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def windows(browser: Browser) -> Iterator[Windows]:
    """Opens windows; afterwards complains of what the pages in them did wrong."""
    opened = Windows(browser)
    yield opened
    opened.close()
    assert opened.unexpected_faults() == []


@pytest.fixture(scope="session")
def empty_site(
    tmp_path_factory: pytest.TempPathFactory, mail_server: Mailbox
) -> Iterator[LiveSite]:
    """A site with roles and nothing else; tests ask for `site`, which stays so."""
    url = new_sqlite_url(tmp_path_factory.mktemp("live"))
    app = make_live_app(url, mail_server)
    with migrated(app), LiveSite(app) as site:
        yield site


@pytest.fixture
def site(empty_site: LiveSite, mail_server: Mailbox) -> Iterator[LiveSite]:
    """The site in a browser's reach, with roles and nothing else."""
    mail_server.clear()
    yield empty_site
    clean(empty_site.app)


@pytest.fixture(scope="session")
def demo_site(
    tmp_path_factory: pytest.TempPathFactory, mail_server: Mailbox
) -> Iterator[DemoSite]:
    """The site with its demo data, to look at: tests leave it as it is. Lists are short, so that
    all of them have a second page."""
    url = new_sqlite_url(tmp_path_factory.mktemp("demo"))
    short = {f"FLASKY_{rows}_PER_PAGE": 4 for rows in ("POSTS", "COMMENTS", "FOLLOWERS")}
    app = make_live_app(url, mail_server, **short)
    with migrated(app), DemoSite(app) as site:
        yield site


@pytest.fixture(scope="session")
def logins(browser: Browser, demo_site: DemoSite) -> dict[str, StorageState | None]:
    """The cookies of each kind of reader of the demo site; none for the anonymous one."""
    states: dict[str, StorageState | None] = {"anonymous": None}
    for reader, person in demo_site.people.items():
        page = browser.new_page(base_url=demo_site.address)
        page.goto("/auth/login")
        page.get_by_label("E-mail address").fill(person.email)
        page.get_by_label("Password", exact=True).fill(person.password)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{demo_site.address}/")
        states[reader] = page.context.storage_state()
        page.context.close()
    return states
