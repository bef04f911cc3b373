"""The composer: live preview, character count, and text that survives errors."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.contexts import Contexts
from tests.browser.user import BrowserUser
from tests.support.live_site import LiveSite

pytestmark = pytest.mark.xdist_group("browser")

LABEL = "What’s on your mind?"
UNAVAILABLE = "Preview unavailable. Your text is not affected."
MALICIOUS = """
Hello *there*.

<script>window.hacked = true</script>
<img src="/static/favicon.svg?x" onload="window.hacked = true" onerror="window.hacked = true">
<svg onload="window.hacked = true"></svg>
<iframe srcdoc="<script>parent.hacked = true</script>"></iframe>

[press](javascript:window.hacked=true)
"""
DANGEROUS = "script, iframe, svg, img, [onload], [onerror], [href^=javascript]"


def test_preview_updates_while_typing(ann: BrowserUser) -> None:
    preview = ann.page.locator("[data-preview]")
    expect(preview).to_be_hidden()
    expect(ann.page.get_by_role("button", name="Preview")).to_be_hidden()

    ann.fill(LABEL, "Some **bold** words.")
    expect(preview.locator("strong")).to_have_text("bold")
    ann.fill(LABEL, "# A heading")
    expect(preview.locator("strong")).to_have_count(0)
    expect(preview).to_contain_text("A heading")

    ann.fill(LABEL, " ")
    expect(preview).to_be_hidden()


def test_scripts_do_not_run_in_preview_and_post(ann: BrowserUser) -> None:
    ann.fill(LABEL, MALICIOUS)
    expect(ann.page.locator("[data-preview-body] em")).to_have_text("there")
    assert ann.page.locator("[data-preview-body]").locator(DANGEROUS).count() == 0
    assert ann.page.evaluate("window.hacked") is None

    ann.click("Publish")
    expect(ann.page.locator(".prose em")).to_have_text("there")
    assert ann.page.locator(".prose").locator(DANGEROUS).count() == 0
    assert ann.page.evaluate("window.hacked") is None


def drop_connection(route: Route) -> None:
    route.abort()


def return_500(route: Route) -> None:
    route.fulfill(status=500, body="<p>Error</p>")


@pytest.mark.parametrize("failure", [drop_connection, return_500])
def test_failed_preview_shows_a_message_and_keeps_the_text(
    failure: Callable[[Route], None], ann: BrowserUser, contexts: Contexts
) -> None:
    contexts.expect_error(r"/preview")
    ann.fill(LABEL, "Some **bold** words.")
    expect(ann.page.locator("[data-preview-body] strong")).to_be_visible()
    ann.page.route("**/preview", failure)

    ann.fill(LABEL, "Some **bolder** words.")

    expect(ann.page.get_by_text(UNAVAILABLE)).to_be_visible()
    expect(ann.page.get_by_label(LABEL)).to_have_value("Some **bolder** words.")
    ann.page.unroute("**/preview")
    ann.fill(LABEL, "Some **boldest** words.")
    expect(ann.page.locator("[data-preview-body] strong")).to_have_text("boldest")
    expect(ann.page.get_by_text(UNAVAILABLE)).to_be_hidden()


def test_preview_without_a_session_shows_a_message(ann: BrowserUser, contexts: Contexts) -> None:
    contexts.expect_error(r"/preview")
    ann.page.context.clear_cookies()

    ann.fill(LABEL, "Some **bold** words.")

    expect(ann.page.get_by_text(UNAVAILABLE)).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_text_survives_a_validation_error(
    scripts: bool, site: LiveSite, contexts: Contexts
) -> None:
    site.make.user("ann")
    ann = BrowserUser(contexts.new_page(site, java_script_enabled=scripts), "ann")
    ann.log_in()
    text = "word " * 4_200
    # Remove the limit so that the text reaches the server.
    ann.page.get_by_label(LABEL).evaluate("(field) => field.removeAttribute('maxlength')")
    ann.fill(LABEL, text)

    ann.click("Publish")

    expect(ann.page.get_by_role("alert")).to_contain_text("Use at most 20000 characters.")
    expect(ann.page.get_by_role("alert")).to_be_focused()
    expect(ann.page.get_by_label(LABEL)).to_have_value(text)


def test_counter_shows_the_characters_left(ann: BrowserUser) -> None:
    expect(ann.page.locator("[data-count]")).to_have_text("Characters left: 20,000")

    ann.fill(LABEL, "12345")

    expect(ann.page.locator("[data-count]")).to_have_text("Characters left: 19,995")


def test_comment_has_a_preview(ann: BrowserUser, site: LiveSite) -> None:
    post = site.make.post(site.make.user("bob"))
    ann.page.goto(f"/post/{post}")

    ann.fill("Your comment", "Quite *so*.")

    expect(ann.page.locator("[data-preview-body] em")).to_have_text("so")
