"""What the site's own headers do in a browser. That no page needs what they forbid is shown where
every page is visited (test_pages.py): each violation of the policy is a fault there (windows.py).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string
from playwright.sync_api import Page, expect

from tests.browser.live_site import LiveSite, make_live_app
from tests.browser.windows import Windows
from tests.databases import new_sqlite_url
from tests.mailbox import Mailbox

pytestmark = pytest.mark.xdist_group("browser")

MARK = "document.documentElement.dataset.ran = 'yes'"
EFFECT = """
() => {
  const { color } = getComputedStyle(document.querySelector("p") ?? document.documentElement);
  return document.documentElement.dataset.ran === "yes" || color === "rgb(1, 2, 3)";
}
"""
SEND = "document.forms.length && document.forms[0].submit()"
PAGES = {
    "script": f"<script>{MARK}</script>",
    "script with a guessed nonce": f"<script nonce='guessed'>{MARK}</script>",
    "script in a link": f'<script src="data:text/javascript,{MARK}"></script>',
    "script of another host": "<script src='http://evil.example/x.js'></script>",
    "handler": f'<img src="/static/favicon.svg" onload="{MARK}">',
    "text that is run": f"<script nonce='{{{{ csp_nonce() }}}}'>eval(`{MARK}`)</script>",
    "style": "<style>html { color: rgb(1, 2, 3) }</style>",
    "style of an element": "<p style='color: rgb(1, 2, 3)'>Text</p>",
    "picture of another host": "<img src='http://evil.example/x.png'>",
    "picture in a link": "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>",
    "frame": "<iframe src='/'></iframe>",
    "base": "<base href='http://evil.example/'>",
    "object": "<object data='/static/favicon.svg'></object>",
    "form": "<form action='http://evil.example/' method='post'></form>",
}
WELCOME = f"""
<script nonce="{{{{ csp_nonce() }}}}">{MARK}</script>
<style nonce="{{{{ csp_nonce() }}}}">html {{ color: rgb(1, 2, 3) }}</style>
"""


def add_pages(app: Flask) -> None:
    """Add pages that do what the policy forbids, and one that does it with a nonce."""
    for name, body in {**PAGES, "welcome": WELCOME}.items():
        page = f"<!doctype html><title>Page</title>{body}"
        app.add_url_rule(f"/{name}", name, lambda page=page: render_template_string(page))


def site_with(folder: Path, mailbox: Mailbox, **settings: Any) -> LiveSite:
    app = make_live_app(new_sqlite_url(folder), mailbox, **settings)
    add_pages(app)
    return LiveSite(app)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, mail_server: Mailbox) -> Iterator[LiveSite]:
    """A site with pages that do what the policy forbids."""
    with site_with(tmp_path_factory.mktemp("policy"), mail_server) as site:
        yield site


def has_effect(page: Page) -> bool:
    """Tell whether a script or a style of the page has done what it wants."""
    return bool(page.evaluate(EFFECT))


def visit(page: Page, name: str) -> None:
    """Open a page that violates the policy, and wait until windows.py has heard of it."""
    with page.expect_console_message(lambda message: message.text.startswith("Policy: ")):
        page.goto(f"/{name}")
        page.evaluate(SEND)


@pytest.mark.parametrize("name", PAGES)
def test_violation_has_no_effect_and_is_a_fault(
    trial: LiveSite, windows: Windows, name: str
) -> None:
    page = windows.open(trial)

    visit(page, name)

    assert not has_effect(page)
    assert windows.unexpected_faults() != []
    windows.expect_fault("")


def test_reported_violation_has_its_effect(
    tmp_path: Path, mail_server: Mailbox, windows: Windows
) -> None:
    windows.expect_fault("Policy: |report-only")
    with site_with(tmp_path, mail_server, CSP_REPORT_ONLY=True) as site:
        page = windows.open(site)
        visit(page, "script")

        assert has_effect(page)


def test_script_and_style_with_the_nonce_run(trial: LiveSite, windows: Windows) -> None:
    page = windows.open(trial)

    page.goto("/welcome")

    expect(page.locator("html")).to_have_attribute("data-ran", "yes")
    expect(page.locator("html")).to_have_css("color", "rgb(1, 2, 3)")


def test_browser_knows_every_feature_that_is_forbidden(trial: LiveSite, windows: Windows) -> None:
    page = windows.open(trial)
    answer = page.goto("/welcome")
    assert answer is not None

    named = {part.partition("=")[0] for part in answer.headers["permissions-policy"].split(", ")}

    assert named <= set(page.evaluate("document.featurePolicy.features()"))
    assert not named & set(page.evaluate("document.featurePolicy.allowedFeatures()"))
