"""The site over HTTPS: browsers accept its `__Host-` cookies."""

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.contexts import Contexts
from tests.browser.user import BrowserUser
from tests.support.app_factory import settings_from
from tests.support.databases import clear_database, migrated, new_sqlite_url
from tests.support.live_site import LiveSite, make_live_app
from tests.support.mailbox import Mailbox, free_port

pytestmark = pytest.mark.xdist_group("browser")


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return the TLS context of a new self-signed certificate for 127.0.0.1."""
    files = ["-keyout", str(folder / "key"), "-out", str(folder / "certificate")]
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command.split(), *files, *names], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "certificate", folder / "key")
    return tls


@pytest.fixture(scope="module")
def https_site(
    tmp_path_factory: pytest.TempPathFactory, mail_server: Mailbox
) -> Iterator[LiveSite]:
    """A live site over HTTPS, with the cookie settings of production."""
    folder = tmp_path_factory.mktemp("tls")
    url = f"https://127.0.0.1:{free_port()}"
    production = settings_from("production", SITE_URL=url)
    cookies = {name: getattr(production, name) for name in dir(production) if "COOKIE" in name}
    settings = cookies | {"SITE_URL": url, "SSL_REDIRECT": True}
    app = make_live_app(new_sqlite_url(folder), mail_server, **settings)
    with migrated(app), LiveSite(app, self_signed(folder)) as site:
        yield site


@pytest.fixture
def page(https_site: LiveSite, contexts: Contexts) -> Iterator[Page]:
    yield contexts.new_page(https_site, ignore_https_errors=True)
    clear_database(https_site.app)


def test_user_stays_logged_in_over_https(https_site: LiveSite, page: Page) -> None:
    https_site.make.user("ann")
    page.goto("/auth/login")
    page.get_by_label("Keep me logged in").check()
    page.get_by_label("Email").fill("ann@example.com")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{https_site.url}/")

    page.context.clear_cookies(name="__Host-session")
    ann = BrowserUser(page, "ann")
    ann.write("Written over HTTPS")
    ann.click("Publish")

    expect(page.get_by_role("article")).to_contain_text("Written over HTTPS")
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert {"__Host-session", "__Host-remember_token"} <= cookies.keys()
    assert all(cookie["secure"] and cookie["httpOnly"] for cookie in cookies.values())
