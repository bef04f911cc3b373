"""The security headers in a browser: what they block, and that violations are recorded.

That no page violates them is tested in test_pages.py: contexts.py records every violation.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string
from playwright.sync_api import Page, expect

from tests.browser.contexts import Contexts
from tests.support.databases import new_sqlite_url
from tests.support.live_site import LiveSite, make_live_app
from tests.support.mailbox import Mailbox

pytestmark = pytest.mark.xdist_group("browser")

RUN = "document.documentElement.dataset.ran = 'yes'"
EFFECT = """
() => {
  const { color } = getComputedStyle(document.querySelector("p") ?? document.documentElement);
  return document.documentElement.dataset.ran === "yes" || color === "rgb(1, 2, 3)";
}
"""
SEND = "document.forms.length && document.forms[0].submit()"
VIOLATIONS = {
    "script": f"<script>{RUN}</script>",
    "script with a guessed nonce": f"<script nonce='guessed'>{RUN}</script>",
    "script in a link": f'<script src="data:text/javascript,{RUN}"></script>',
    "script of another host": "<script src='http://evil.example/x.js'></script>",
    "handler": f'<img src="/static/favicon.svg" onload="{RUN}">',
    "text that is run": f"<script nonce='{{{{ csp_nonce() }}}}'>eval(`{RUN}`)</script>",
    "style": "<style>html { color: rgb(1, 2, 3) }</style>",
    "style of an element": "<p style='color: rgb(1, 2, 3)'>Text</p>",
    "picture of another host": "<img src='http://evil.example/x.png'>",
    "picture in a link": "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>",
    "frame": "<iframe src='/'></iframe>",
    "base": "<base href='http://evil.example/'>",
    "object": "<object data='/static/favicon.svg'></object>",
    "form": "<form action='http://evil.example/' method='post'></form>",
}
ALLOWED = f"""
<script nonce="{{{{ csp_nonce() }}}}">{RUN}</script>
<style nonce="{{{{ csp_nonce() }}}}">html {{ color: rgb(1, 2, 3) }}</style>
"""


def add_pages(app: Flask) -> None:
    """Add pages that violate the policy, and one that has a nonce."""
    for name, body in {**VIOLATIONS, "allowed": ALLOWED}.items():
        page = f"<!doctype html><title>Page</title>{body}"
        app.add_url_rule(f"/{name}", name, lambda page=page: render_template_string(page))


def site_with(folder: Path, mailbox: Mailbox, **settings: Any) -> LiveSite:
    app = make_live_app(new_sqlite_url(folder), mailbox, **settings)
    add_pages(app)
    return LiveSite(app)


@pytest.fixture(scope="module")
def policy_site(
    tmp_path_factory: pytest.TempPathFactory, mail_server: Mailbox
) -> Iterator[LiveSite]:
    """A live site with pages that violate the policy."""
    with site_with(tmp_path_factory.mktemp("policy"), mail_server) as site:
        yield site


def has_effect(page: Page) -> bool:
    """Return True if a script has run or a style has applied."""
    return bool(page.evaluate(EFFECT))


def open_page(page: Page, name: str) -> None:
    """Open a page and wait until the browser reports its violation."""
    with page.expect_console_message(lambda message: message.text.startswith("CSP: ")):
        page.goto(f"/{name}")
        page.evaluate(SEND)


@pytest.mark.parametrize("name", VIOLATIONS)
def test_violation_is_blocked_and_recorded(
    policy_site: LiveSite, contexts: Contexts, name: str
) -> None:
    page = contexts.new_page(policy_site)

    open_page(page, name)

    assert not has_effect(page)
    assert contexts.unexpected_errors() != []
    contexts.expect_error("")


def test_report_only_policy_blocks_nothing(
    tmp_path: Path, mail_server: Mailbox, contexts: Contexts
) -> None:
    contexts.expect_error("CSP: |report-only")
    with site_with(tmp_path, mail_server, CSP_REPORT_ONLY=True) as site:
        page = contexts.new_page(site)
        open_page(page, "script")

        assert has_effect(page)


def test_script_and_style_with_the_nonce_run(policy_site: LiveSite, contexts: Contexts) -> None:
    page = contexts.new_page(policy_site)

    page.goto("/allowed")

    expect(page.locator("html")).to_have_attribute("data-ran", "yes")
    expect(page.locator("html")).to_have_css("color", "rgb(1, 2, 3)")


def test_permissions_policy_names_features_that_the_browser_knows(
    policy_site: LiveSite, contexts: Contexts
) -> None:
    page = contexts.new_page(policy_site)
    response = page.goto("/allowed")
    assert response is not None

    features = {
        part.partition("=")[0] for part in response.headers["permissions-policy"].split(", ")
    }

    assert features <= set(page.evaluate("document.featurePolicy.features()"))
    assert not features & set(page.evaluate("document.featurePolicy.allowedFeatures()"))
