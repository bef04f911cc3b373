"""Two-factor authentication in a browser, also without JavaScript."""

import pytest
from playwright.sync_api import expect

from tests.browser.contexts import Contexts
from tests.browser.user import BrowserUser
from tests.support.authenticator_app import KEY, AuthenticatorApp
from tests.support.factories import PASSWORD
from tests.support.live_site import LiveSite

pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_two_factor_authentication(
    site: LiveSite, contexts: Contexts, phone: AuthenticatorApp, javascript: bool
) -> None:
    site.make.user("ann")
    ann = BrowserUser(contexts.new_page(site, java_script_enabled=javascript), "ann")
    ann.log_in()

    ann.page.goto("/auth/two-factor")
    ann.click_link("Set up")
    expect(ann.page.get_by_role("img", name="QR code")).to_be_visible()
    [key] = KEY.findall(ann.page.locator("main").inner_text())
    phone.secret = key.replace(" ", "")
    ann.fill("Code", phone.next_code())
    ann.click("Turn on")
    [recovery_code, *_] = ann.page.locator("#recovery-codes").inner_text().split()
    ann.log_out()

    for code in (phone.next_code(), recovery_code):
        ann.page.goto("/auth/login")
        ann.fill("Email", ann.email)
        ann.fill("Password", PASSWORD)
        ann.click("Log in")
        expect(ann.page.get_by_label("Code", exact=True)).to_be_focused()
        ann.fill("Code", code)
        ann.click("Log in")
        expect(ann.page.get_by_role("heading", name="Latest posts")).to_be_visible()
        ann.log_out()
