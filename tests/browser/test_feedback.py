"""What the site shows after an action: messages, errors, the focus, and what paper shows."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.contexts import DESKTOP, PHONE, Contexts
from tests.browser.page_checks import page_problems
from tests.browser.user import BrowserUser
from tests.support.live_site import LiveSite

pytestmark = pytest.mark.xdist_group("browser")

COLOR = "(button) => getComputedStyle(button).backgroundColor.match(/\\d+/g).map(Number)"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_new_comment_is_in_view_and_has_the_focus(
    scripts: bool, site: LiveSite, contexts: Contexts
) -> None:
    post = site.make.post(site.make.user("ann"), "Some words.\n\n" * 60)
    page = contexts.new_page(site, viewport=PHONE, java_script_enabled=scripts)
    ann = BrowserUser(page, "ann")
    ann.log_in()
    page.goto(f"/post/{post}")
    ann.fill("Your comment", "Well *said*.")

    ann.click("Comment")

    expect(ann.article("Well said.").last).to_be_focused()
    expect(ann.article("Well said.").last).to_be_in_viewport()
    message = page.get_by_text("Your comment has been published.")
    expect(message).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_failed_login_focuses_its_error(scripts: bool, site: LiveSite, contexts: Contexts) -> None:
    site.make.user("ann")
    page = contexts.new_page(site, java_script_enabled=scripts)
    page.goto("/auth/login")
    page.get_by_label("Email").fill("ann@example.com")
    page.get_by_label("Password", exact=True).fill("wrong")

    page.get_by_role("button", name="Log in").click()

    alert = page.get_by_role("alert")
    expect(alert).to_have_text("Incorrect email or password, or email not confirmed.")
    expect(alert).to_be_focused()
    expect(page).to_have_title("Error: Log in – Flasky")
    for label in ("Email", "Password"):
        field = page.get_by_label(label, exact=True)
        expect(field).to_have_attribute("aria-invalid", "true")
    if scripts:  # axe-core is one
        assert page_problems(page) == []


def test_token_is_copied(site: LiveSite, ann: BrowserUser) -> None:
    ann.page.context.grant_permissions(["clipboard-write"])
    ann.page.goto("/auth/tokens")
    ann.fill("Name", "Phone")
    ann.fill("Password", "correct horse battery")
    ann.click("Create token")

    ann.click("Copy")

    ann.expect_text("Copied")
    secret = ann.page.locator(".token-secret").inner_text()
    ann.page.get_by_label("Name").press("Control+V")
    expect(ann.page.get_by_label("Name")).to_have_value(secret)


def test_preview_is_not_read_out_while_typing(ann: BrowserUser) -> None:
    ann.write("Some words")
    preview = ann.page.get_by_role("region", name="Preview")

    expect(preview).to_contain_text("Some words")

    live = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log]"
    assert ann.page.locator("[data-preview-body]").evaluate(f"(node) => !node.closest('{live}')")


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("path", ["/", "/auth/tokens", "/api/docs"])
def test_logo_and_content_share_the_left_edge(
    path: str, size: Any, site: LiveSite, ann: BrowserUser
) -> None:
    ann.page.set_viewport_size(size)
    ann.page.goto(path)

    lefts = [ann.page.locator(part).bounding_box()["x"] for part in (".brand", "h1")]  # type: ignore[index]  # never None

    assert lefts[0] == pytest.approx(lefts[1], abs=1)


@pytest.mark.parametrize(("size", "shown"), [(PHONE, False), (DESKTOP, True)])
def test_illustration_is_hidden_on_phones(
    size: Any, shown: bool, site: LiveSite, contexts: Contexts
) -> None:
    page = contexts.new_page(site, viewport=size)

    page.goto("/")

    assert page.locator(".hero-art").is_visible() == shown


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_delete_button_does_not_look_like_the_primary_one(
    theme: str, site: LiveSite, contexts: Contexts
) -> None:
    post = site.make.post(site.make.user("ann"))
    page = contexts.new_page(site, color_scheme=theme)
    ann = BrowserUser(page, "ann")
    ann.log_in()
    primary = page.get_by_role("button", name="Publish").evaluate(COLOR)
    page.goto(f"/post/{post}/deletion")
    danger = page.get_by_role("button", name="Delete post").evaluate(COLOR)

    assert sum(abs(a - b) for a, b in zip(primary, danger, strict=True)) > 120


def test_following_is_shown_as_a_state(site: LiveSite, ann: BrowserUser) -> None:
    site.make.user("bob")
    ann.page.goto("/user/bob")
    state = ann.page.locator("#profile-header").get_by_text("Following", exact=True)
    expect(state).to_have_count(0)

    ann.click("Follow")
    expect(state).to_be_visible()

    ann.click("Unfollow")
    expect(state).to_have_count(0)


def test_paper_shows_absolute_dates_and_whole_posts(site: LiveSite, contexts: Contexts) -> None:
    timestamp = datetime(2026, 3, 1, 20, 30, 15, tzinfo=UTC)
    ann = site.make.user("ann")
    site.make.post(ann, "Some words.\n\n" * 60, timestamp)
    page = contexts.new_page(site)
    page.goto("/")
    page.emulate_media(media="print")

    shown = page.locator("article time").evaluate(
        "(time) => [getComputedStyle(time, '::after').content, getComputedStyle(time).fontSize]"
    )

    assert "March 1, 2026" in shown[0]
    assert shown[1] == "0px"
    box: Any = page.locator("article .prose").bounding_box()
    assert box["height"] > 1_000
    expect(page.get_by_role("link", name="Read more")).to_be_hidden()


@pytest.mark.parametrize("path", ["/", "/preferences"])
def test_forced_colors_show_what_is_selected(
    path: str, site: LiveSite, contexts: Contexts
) -> None:
    site.make.user("ann")
    page = contexts.new_page(site, forced_colors="active")
    BrowserUser(page, "ann").log_in()
    page.goto(path)

    if path == "/":
        tabs = page.get_by_role("navigation", name="Feed").get_by_role("link")
        assert tabs.nth(0).evaluate(COLOR) != tabs.nth(1).evaluate(COLOR)
    else:
        checked, other = (
            page.locator(f"[name=theme]{state}").first for state in (":checked", ":not(:checked)")
        )
        assert checked.screenshot() != other.screenshot()
