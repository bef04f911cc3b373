"""Where posts and comments are written: the preview shows what will be, and no text is lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.live_site import LiveSite
from tests.browser.person import Someone
from tests.browser.windows import Windows

pytestmark = pytest.mark.xdist_group("browser")

LABEL = "What’s on your mind?"
APOLOGY = "The preview cannot be shown right now. Your text is safe."
HOSTILE = """
Hello *there*.

<script>window.hacked = true</script>
<img src="/static/favicon.svg?x" onload="window.hacked = true" onerror="window.hacked = true">
<svg onload="window.hacked = true"></svg>
<iframe srcdoc="<script>parent.hacked = true</script>"></iframe>

[press](javascript:window.hacked=true)
"""
DANGEROUS = "script, iframe, svg, img, [onload], [onerror], [href^=javascript]"


@pytest.fixture
def ann(site: LiveSite, windows: Windows) -> Someone:
    """Ann, logged in, on the home page."""
    site.make.user("ann")
    someone = Someone(windows.open(site), "ann")
    someone.log_in()
    return someone


def test_preview_follows_the_text(ann: Someone) -> None:
    shown = ann.page.locator("[data-preview]")
    expect(shown).to_be_hidden()
    expect(ann.page.get_by_role("button", name="Preview")).to_be_hidden()

    ann.fill(LABEL, "Some **bold** words.")
    expect(shown.locator("strong")).to_have_text("bold")
    ann.fill(LABEL, "# A heading")
    expect(shown.locator("strong")).to_have_count(0)
    expect(shown).to_contain_text("A heading")

    ann.fill(LABEL, " ")
    expect(shown).to_be_hidden()


def test_script_stays_inert_in_preview_and_post(ann: Someone) -> None:
    ann.fill(LABEL, HOSTILE)
    expect(ann.page.locator("[data-preview-body] em")).to_have_text("there")
    assert ann.page.locator("[data-preview-body]").locator(DANGEROUS).count() == 0
    assert ann.page.evaluate("window.hacked") is None

    ann.press("Publish")
    expect(ann.page.locator(".prose em")).to_have_text("there")
    assert ann.page.locator(".prose").locator(DANGEROUS).count() == 0
    assert ann.page.evaluate("window.hacked") is None


def lose_connection(route: Route) -> None:
    route.abort()


def break_server(route: Route) -> None:
    route.fulfill(status=500, body="<p>Broken</p>")


@pytest.mark.parametrize("failure", [lose_connection, break_server])
def test_failing_preview_says_so_and_keeps_the_text(
    failure: Callable[[Route], None], ann: Someone, windows: Windows
) -> None:
    windows.expect_fault(r"/preview")
    ann.fill(LABEL, "Some **bold** words.")
    expect(ann.page.locator("[data-preview-body] strong")).to_be_visible()
    ann.page.route("**/preview", failure)

    ann.fill(LABEL, "Some **bolder** words.")

    expect(ann.page.get_by_text(APOLOGY)).to_be_visible()
    expect(ann.page.get_by_label(LABEL)).to_have_value("Some **bolder** words.")
    ann.page.unroute("**/preview")
    ann.fill(LABEL, "Some **boldest** words.")
    expect(ann.page.locator("[data-preview-body] strong")).to_have_text("boldest")
    expect(ann.page.get_by_text(APOLOGY)).to_be_hidden()


def test_preview_after_logging_out_elsewhere_says_that_it_cannot(
    ann: Someone, windows: Windows
) -> None:
    windows.expect_fault(r"/preview")
    ann.page.context.clear_cookies()

    ann.fill(LABEL, "Some **bold** words.")

    expect(ann.page.get_by_text(APOLOGY)).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_text_survives_a_validation_error(scripts: bool, site: LiveSite, windows: Windows) -> None:
    site.make.user("ann")
    ann = Someone(windows.open(site, java_script_enabled=scripts), "ann")
    ann.log_in()
    text = "word " * 4_200
    # The field takes no more than fits, so let it forget how much that is.
    ann.page.get_by_label(LABEL).evaluate("(field) => field.removeAttribute('maxlength')")
    ann.fill(LABEL, text)

    ann.press("Publish")

    expect(ann.page.get_by_role("alert")).to_contain_text("Use at most 20000 characters.")
    expect(ann.page.get_by_role("alert")).to_be_focused()
    expect(ann.page.get_by_label(LABEL)).to_have_value(text)


def test_counter_tells_how_much_may_follow(ann: Someone) -> None:
    expect(ann.page.locator("[data-count]")).to_have_text("Characters left: 20,000")

    ann.fill(LABEL, "12345")

    expect(ann.page.locator("[data-count]")).to_have_text("Characters left: 19,995")


def test_comment_is_previewed_as_a_comment(ann: Someone, site: LiveSite) -> None:
    post = site.make.post(site.make.user("bob"))
    ann.page.goto(f"/post/{post}")

    ann.fill("Your comment", "Quite *so*.")

    expect(ann.page.locator("[data-preview-body] em")).to_have_text("so")
