"""Drafts are kept in the browser until they are published, or discarded."""

import pytest
from playwright.sync_api import expect

from tests.browser.contexts import Contexts
from tests.browser.user import BrowserUser
from tests.support.live_site import LiveSite

pytestmark = pytest.mark.xdist_group("browser")

LABEL = "What’s on your mind?"
NOTICE = "[data-draft-notice]"


def test_draft_survives_a_closed_tab_and_can_be_discarded(ann: BrowserUser) -> None:
    ann.fill(LABEL, "Half a *thought*")
    ann.page.goto("/preferences")
    ann.page.goto("/")

    expect(ann.page.get_by_label(LABEL)).to_have_value("Half a *thought*")
    expect(ann.page.locator("[data-preview-body] em")).to_have_text("thought")
    ann.click("Discard")
    expect(ann.page.get_by_label(LABEL)).to_have_value("")
    ann.page.reload()
    expect(ann.page.get_by_label(LABEL)).to_have_value("")
    expect(ann.page.locator(NOTICE)).to_be_hidden()


def test_draft_survives_the_end_of_the_session(ann: BrowserUser, contexts: Contexts) -> None:
    contexts.expect_error(r"/preview")
    ann.fill(LABEL, "Written for an hour")
    ann.page.context.clear_cookies()

    ann.click("Publish")
    ann.log_in()
    ann.page.goto("/")

    expect(ann.page.get_by_label(LABEL)).to_have_value("Written for an hour")
    expect(ann.page.locator(NOTICE)).to_be_visible()


def test_published_draft_does_not_return(ann: BrowserUser) -> None:
    ann.fill(LABEL, "A whole thought")
    ann.page.get_by_label(LABEL).press("Control+Enter")

    expect(ann.page.get_by_text("Your post has been published.")).to_be_visible()
    expect(ann.page.get_by_label(LABEL)).to_have_value("")
    ann.page.reload()
    expect(ann.page.get_by_label(LABEL)).to_have_value("")


def test_comments_and_edited_posts_have_drafts_of_their_own(
    site: LiveSite, contexts: Contexts
) -> None:
    post = site.make.post(site.make.user("ann"), "Published")
    ann = BrowserUser(contexts.new_page(site), "ann")
    ann.log_in()
    ann.page.goto(f"/edit/{post}")
    ann.page.locator("textarea").fill("Changed")
    ann.page.goto(f"/post/{post}")
    ann.fill("Your comment", "A comment")
    ann.page.goto("/")
    expect(ann.page.get_by_label(LABEL)).to_have_value("")

    ann.page.goto(f"/post/{post}")
    expect(ann.page.get_by_label("Your comment")).to_have_value("A comment")
    ann.page.goto(f"/edit/{post}")
    expect(ann.page.locator("textarea")).to_have_value("Changed")


def test_saved_edit_is_no_draft_any_more(site: LiveSite, contexts: Contexts) -> None:
    post = site.make.post(site.make.user("ann"), "Before")
    ann = BrowserUser(contexts.new_page(site), "ann")
    ann.log_in()
    ann.page.goto(f"/edit/{post}")
    ann.page.locator("textarea").fill("After")

    ann.click("Save")

    expect(ann.page.get_by_text("The post has been updated.")).to_be_visible()
    assert ann.page.evaluate("Object.keys(localStorage)") == []


def test_success_of_another_form_keeps_a_draft(site: LiveSite, contexts: Contexts) -> None:
    contexts.expect_error(r"/preview")
    post = site.make.post(site.make.user("ann"))
    ann = BrowserUser(contexts.new_page(site), "ann")
    ann.log_in()
    ann.page.goto(f"/post/{post}")
    ann.fill("Your comment", "Not published")
    ann.page.context.clear_cookies()
    ann.click("Comment")
    ann.log_in()

    ann.page.goto(f"/edit/{post}")
    ann.click("Save")

    expect(ann.page.get_by_text("The post has been updated.")).to_be_visible()
    expect(ann.page.get_by_label("Your comment")).to_have_value("Not published")


def test_logging_out_deletes_drafts(ann: BrowserUser) -> None:
    ann.fill(LABEL, "Not for others")

    ann.log_out()

    assert ann.page.evaluate("Object.keys(localStorage)") == []


def test_site_works_without_storage(site: LiveSite, contexts: Contexts) -> None:
    site.make.user("ann")
    page = contexts.new_page(site)
    page.add_init_script(
        "Storage.prototype.getItem = Storage.prototype.setItem = () => { throw new Error(); };"
    )
    ann = BrowserUser(page, "ann")
    ann.log_in()

    ann.fill(LABEL, "Some **bold** words.")

    expect(page.locator("[data-preview-body] strong")).to_have_text("bold")
