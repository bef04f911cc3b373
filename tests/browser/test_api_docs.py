"""The page that shows the API: one can try it there, by a token and by nothing else."""

from playwright.sync_api import Page, expect

from tests.browser.contexts import Contexts
from tests.support.api_client import issue_token
from tests.support.live_site import LiveSite


def opened(page: Page, name: str) -> Page:
    page.goto(f"/api/docs#{name}")
    expect(page.locator(f"#{name}")).to_have_attribute("open", "")
    return page


def send(page: Page, name: str) -> str:
    page.locator(f"#{name} button").click()
    answer = page.locator(f"#{name} .api-response")
    expect(answer).not_to_have_text("…")
    return answer.inner_text()


def test_post_is_written_from_the_page_and_read_again(site: LiveSite, contexts: Contexts) -> None:
    ann = site.make.user("ann")
    page = opened(contexts.new_page(site), "create_post")
    page.get_by_label("Your token").fill(issue_token(site.app, ann))
    page.locator("#create_post-body").fill('{"body": "From the page"}')

    assert send(page, "create_post").startswith("201")
    page.locator("#posts summary").click()
    page.locator("#posts-limit").fill("1")
    assert '"body": "From the page"' in send(page, "posts")


def test_token_is_obtained_by_address_and_password(site: LiveSite, contexts: Contexts) -> None:
    ann = site.make.user("ann")
    page = opened(contexts.new_page(site), "create_token")
    page.locator("#create_token-email").fill(ann.email)
    page.locator("#create_token-password").fill(ann.password)

    assert '"token": "flasky_' in send(page, "create_token")


def test_session_of_the_browser_counts_for_nothing(site: LiveSite, contexts: Contexts) -> None:
    ann = site.make.user("ann")
    page = contexts.new_page(site)
    page.goto("/auth/login")
    page.get_by_label("Email").fill(ann.email)
    page.get_by_label("Password", exact=True).fill(ann.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{site.url}/")
    contexts.expect_error("401")

    assert send(opened(page, "me"), "me").startswith("401")
