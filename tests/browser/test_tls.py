"""The site at an https address, in a browser that is as strict about cookies as browsers are."""

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live_site import LiveSite, make_live_app
from tests.browser.person import Someone
from tests.browser.windows import Windows
from tests.databases import clean, migrated, new_sqlite_url
from tests.mailbox import Mailbox, free_port
from tests.settings import settings_from

pytestmark = pytest.mark.xdist_group("browser")


def certificate(folder: Path) -> ssl.SSLContext:
    """Return what a server needs for TLS at 127.0.0.1, made on the spot."""
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
    """The site over TLS, with the cookies that production has there."""
    folder = tmp_path_factory.mktemp("tls")
    address = f"https://127.0.0.1:{free_port()}"
    production = settings_from("production", FLASKY_URL=address)
    cookies = {name: getattr(production, name) for name in dir(production) if "COOKIE" in name}
    settings = cookies | {"FLASKY_URL": address, "SSL_REDIRECT": True}
    app = make_live_app(new_sqlite_url(folder), mail_server, **settings)
    with migrated(app), LiveSite(app, certificate(folder)) as site:
        yield site


@pytest.fixture
def page(https_site: LiveSite, windows: Windows) -> Iterator[Page]:
    yield windows.open(https_site, ignore_https_errors=True)
    clean(https_site.app)


def test_member_logs_in_stays_and_writes_over_tls(https_site: LiveSite, page: Page) -> None:
    https_site.make.user("ann")
    page.goto("/auth/login")
    page.get_by_label("Keep me logged in").check()
    page.get_by_label("E-mail address").fill("ann@example.com")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{https_site.address}/")

    page.context.clear_cookies(name="__Host-session")
    ann = Someone(page, "ann")
    ann.write("Words over TLS")
    ann.press("Publish")

    expect(page.get_by_role("article")).to_contain_text("Words over TLS")
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert {"__Host-session", "__Host-remember_token"} <= cookies.keys()
    assert all(cookie["secure"] and cookie["httpOnly"] for cookie in cookies.values())
