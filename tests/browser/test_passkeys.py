"""Passkeys in Chromium, with its virtual authenticator."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.contexts import Contexts
from tests.browser.user import BrowserUser
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.databases import clear_database, migrated, new_sqlite_url
from tests.support.factories import PASSWORD
from tests.support.live_site import LiveSite, make_live_app
from tests.support.mailbox import Mailbox, free_port

pytestmark = pytest.mark.xdist_group("browser")

OPTIONS = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


class Authenticator:
    """The virtual authenticator of a page."""

    def __init__(self, page: Page) -> None:
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.send("WebAuthn.enable")
        added = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS})
        self.id = added["authenticatorId"]
        self.accept(True)

    def send(self, method: str, **parameters: Any) -> Any:
        return self.session.send(method, parameters)

    def accept(self, enabled: bool) -> None:
        """Let the user answer each question of the browser, or none."""
        name = "WebAuthn.setAutomaticPresenceSimulation"
        self.send(name, authenticatorId=self.id, enabled=enabled)

    def passkeys(self) -> int:
        credentials = self.send("WebAuthn.getCredentials", authenticatorId=self.id)
        return len(credentials["credentials"])


@pytest.fixture(scope="module")
def local_site(
    tmp_path_factory: pytest.TempPathFactory, mail_server: Mailbox
) -> Iterator[LiveSite]:
    """A live site with a host name: there are no passkeys for IP addresses."""
    url = new_sqlite_url(tmp_path_factory.mktemp("passkeys"))
    app = make_live_app(url, mail_server, SITE_URL=f"http://localhost:{free_port()}")
    with migrated(app), LiveSite(app) as site:
        yield site


@pytest.fixture
def site(local_site: LiveSite) -> Iterator[LiveSite]:
    yield local_site
    clear_database(local_site.app)


def add_passkey(ann: BrowserUser, name: str = "Laptop") -> None:
    ann.page.goto("/auth/passkeys/new")
    ann.fill("Name", name)
    ann.click("Add passkey")
    ann.expect_text("The passkey has been added.")


def expect_logged_in(page: Page) -> None:
    expect(page.get_by_role("heading", name="Latest posts")).to_be_visible()


@pytest.fixture
def authenticator(ann: BrowserUser) -> Authenticator:
    authenticator = Authenticator(ann.page)
    add_passkey(ann)
    assert authenticator.passkeys() == 1
    ann.log_out()
    return authenticator


def test_button_logs_in(ann: BrowserUser, authenticator: Authenticator) -> None:
    authenticator.accept(False)  # nor in the background
    ann.page.goto("/auth/login?next=/edit-profile")
    expect(ann.page.get_by_label("Email")).to_have_attribute("autocomplete", "username webauthn")
    ann.page.get_by_label("Keep me logged in").check()
    authenticator.accept(True)
    ann.click("Log in with a passkey")

    expect(ann.page.get_by_role("heading", name="Edit profile")).to_be_visible()
    assert "remember_token" in {cookie.get("name") for cookie in ann.page.context.cookies()}


def test_choice_in_the_email_field_logs_in(ann: BrowserUser, authenticator: Authenticator) -> None:
    """The virtual authenticator chooses the passkey that the browser offers there."""
    ann.page.goto("/auth/login")

    expect_logged_in(ann.page)


def test_passkey_replaces_the_code(
    site: LiveSite, ann: BrowserUser, authenticator: Authenticator, phone: AuthenticatorApp
) -> None:
    authenticator.accept(False)
    ann.log_in()
    phone.now += 60
    ann.page.goto("/auth/two-factor/setup")
    key = ann.page.locator(".token-secret").inner_text()
    phone.secret = key.replace(" ", "")
    ann.fill("Code", phone.next_code())
    ann.click("Turn on")
    ann.log_out()

    ann.page.goto("/auth/login")
    ann.fill("Email", ann.email)
    ann.fill("Password", PASSWORD)
    ann.click("Log in")
    expect(ann.page.get_by_label("Code", exact=True)).to_be_visible()
    authenticator.accept(True)
    ann.click("Use a passkey")

    expect_logged_in(ann.page)


def test_passkeys_are_listed_and_removed(ann: BrowserUser, authenticator: Authenticator) -> None:
    ann.page.goto("/auth/login")
    expect_logged_in(ann.page)
    ann.page.goto("/auth/passkeys")
    ann.click_link("Laptop")
    ann.fill("Name", "Old laptop")
    ann.click("Save")
    ann.click_link("Old laptop")
    ann.click("Remove passkey")
    ann.expect_text("The passkey has been removed.")
    ann.page.goto("/auth/passkeys/new")
    ann.fill("Name", "Laptop")
    ann.click("Add passkey")
    ann.expect_text("The passkey has been added.")


def test_same_device_creates_no_second_passkey(ann: BrowserUser) -> None:
    authenticator = Authenticator(ann.page)
    add_passkey(ann)
    ann.page.goto("/auth/passkeys/new")
    ann.fill("Name", "Again")
    ann.click("Add passkey")

    ann.expect_text("Your browser created no passkey. Try again.")
    assert authenticator.passkeys() == 1


def test_page_says_that_passkeys_need_javascript(site: LiveSite, contexts: Contexts) -> None:
    site.make.user("ann")
    ann = BrowserUser(contexts.new_page(site, java_script_enabled=False), "ann")
    ann.page.goto("/auth/login")
    ann.expect_text("Passkeys need JavaScript.")
    ann.log_in()

    ann.page.goto("/auth/passkeys/new")

    ann.expect_text("Passkeys need JavaScript and a browser that supports them.")
    expect(ann.page.get_by_role("button", name="Add passkey")).to_be_hidden()
