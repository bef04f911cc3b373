"""Content that is hard to show: long names and posts, tables, code, right-to-left text."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.contexts import DESKTOP, PHONE, Contexts
from tests.browser.page_checks import OVERFLOW, page_problems
from tests.browser.user import BrowserUser
from tests.support.factories import Factory
from tests.support.live_site import LiveSite

pytestmark = pytest.mark.xdist_group("browser")

LONG_POST = "The dough rested overnight. " * 700
TABLE = "| Name | Quantity | Supplier | Delivery date | Internationalization |\n"
TABLE += "|---|--:|---|---|---|\n| Flour type 550 | 12 | Mill | 2026-01-04 | keep dry and cool |\n"
CODE = (
    "```\ndef hydration_of_the_dough(flour_in_grams: float, water_in_grams: float) -> float:\n```"
)
POSTS = [
    LONG_POST,
    "x" * 500,
    f"{TABLE}\n\n{CODE}\n\nInline `{'identifier_' * 9}`, ![{'a' * 99}](https://x.example)",
    f"{'> ' * 15}deep\n\n- a\n  - b\n    - c\n      - d\n        - e\n          - {'f' * 80}",
    "هذا نص عربي مع كلمة English.\n\n- واحد\n\n| الاسم | العمر |\n|---|---|\n| علي | 12 |",
    "今天的面包发酵得很好。" * 60,
]
NAMES = {"m64" + "m" * 61: "W" * 64, "arabic": "محمد بن عبد الله", "cjk": "字" * 64}
SIZES = {"phone": PHONE, "small": {"width": 320, "height": 640}, "desktop": DESKTOP}
# Text of an element that its box cuts off, other than by scrolling or an ellipsis.
CLIPPED = """
() => [...document.querySelectorAll("main :is(h1, h2, p, a, button, li, dd)")]
  .filter((node) => node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 1
    && !["inline", "contents"].includes(getComputedStyle(node).display))
  .map((node) => node.outerHTML.slice(0, 120))
"""
LINES_OF_WORD = """
(cell) => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
}
"""


def fill(make: Factory) -> list[int]:
    """Create the users of NAMES, and the POSTS with comments; return the ids of the posts."""
    users = [
        make.user(username, name=name, location="L" * 64, about_me="x" * 300)
        for username, name in NAMES.items()
    ]
    posts = [make.post(users[index % len(users)], body) for index, body in enumerate(POSTS)]
    for post, body in zip(posts, POSTS, strict=True):
        make.comment(users[0], post, body[:5_000])
    for user in users[1:]:
        make.follow(user, users[0])
    return posts


@pytest.fixture
def posts(site: LiveSite) -> list[int]:
    """The ids of POSTS on the site."""
    return fill(site.make)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_overflows(
    size: str, posts: list[int], site: LiveSite, contexts: Contexts
) -> None:
    page = contexts.new_page(site, viewport=SIZES[size])
    paths = [f"/user/{username}" for username in NAMES] + [f"/post/{post}" for post in posts]
    problems = []
    for path in ("/", *paths, f"/followers/{next(iter(NAMES))}"):
        response: Any = page.goto(path)
        assert response.status == 200
        if page.evaluate(OVERFLOW) > 0 or page.evaluate(CLIPPED):
            problems.append((path, page.evaluate(OVERFLOW), page.evaluate(CLIPPED)))

    assert problems == []


def test_hard_content_is_accessible(posts: list[int], site: LiveSite, contexts: Contexts) -> None:
    page = contexts.new_page(site)
    for path in ("/", f"/post/{posts[2]}"):
        page.goto(path)
        assert page_problems(page) == []


def test_header_fits_at_twice_the_text_size(site: LiveSite, contexts: Contexts) -> None:
    site.make.user("mod", "Moderator")
    page = contexts.new_page(site, viewport=PHONE)
    BrowserUser(page, "mod").log_in()
    page.evaluate("document.documentElement.style.fontSize = '200%'")

    assert page.evaluate(OVERFLOW) <= 0
    for part in page.locator("header :is(a, button, summary):visible").all():
        box: Any = part.bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= PHONE["width"]


def test_long_post_is_clamped_without_javascript(
    posts: list[int], site: LiveSite, contexts: Contexts
) -> None:
    page = contexts.new_page(site, viewport=PHONE, java_script_enabled=False)
    page.goto("/")
    card = f"#post-{posts[0]}"
    assert height(page, card) < PHONE["height"] + 100

    page.locator(card).get_by_role("link", name="Read more").click()

    expect(page).to_have_url(f"{site.url}/post/{posts[0]}")
    assert height(page, card) > 5 * PHONE["height"]


def test_clamped_post_unfolds_for_the_keyboard(site: LiveSite, contexts: Contexts) -> None:
    site.make.post(site.make.user("ann"), f"{LONG_POST[:9000]}\n\n[The end](/post/1)")
    page = contexts.new_page(site)
    page.goto("/")
    clamped = height(page, ".prose")

    page.keyboard.press("Tab")
    for _ in range(20):
        if page.evaluate("document.activeElement.textContent") == "The end":
            break
        page.keyboard.press("Tab")

    expect(page.get_by_role("link", name="The end")).to_be_focused()
    expect(page.get_by_role("link", name="The end")).to_be_in_viewport()
    assert height(page, ".prose") > clamped


def test_save_button_follows_a_long_text(site: LiveSite, contexts: Contexts) -> None:
    ann = BrowserUser(contexts.new_page(site, viewport=PHONE), "ann")
    post = site.make.post(site.make.user("ann"), LONG_POST)
    ann.log_in()
    ann.page.goto(f"/edit/{post}")
    expect(ann.page.locator("[data-preview-body] p")).to_be_visible()

    field: Any = ann.page.get_by_label("Your post", exact=True).bounding_box()
    button: Any = ann.page.get_by_role("button", name="Save").bounding_box()

    assert button["y"] - (field["y"] + field["height"]) < 200
    assert height(ann.page, "main") < 3 * PHONE["height"]


def test_table_scrolls_by_keyboard_and_keeps_words_whole(
    posts: list[int], site: LiveSite, contexts: Contexts
) -> None:
    page = contexts.new_page(site, viewport=PHONE)
    page.goto(f"/post/{posts[2]}")
    table = page.locator("main > .post .prose > div")
    for heading in ("Name", "Supplier", "Internationalization"):
        cell = table.get_by_role("columnheader", name=heading, exact=True)
        assert cell.evaluate(LINES_OF_WORD) == 1, heading
    quantity = table.get_by_role("cell", name="12", exact=True)
    assert quantity.evaluate("(cell) => getComputedStyle(cell).textAlign") == "right"

    for scroller in (table, page.locator("main > .post pre")):
        scroller.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("(node) => node.scrollLeft > 0", arg=scroller.element_handle())


def test_right_to_left_text_starts_at_the_right(
    posts: list[int], site: LiveSite, contexts: Contexts
) -> None:
    page = contexts.new_page(site)
    page.goto(f"/post/{posts[4]}")

    gaps = page.locator("main > .post .prose > p").evaluate(
        """(text) => {
          const range = document.createRange();
          range.selectNodeContents(text);
          const [line, box] = [range.getBoundingClientRect(), text.getBoundingClientRect()];
          return [line.left - box.left, box.right - line.right];
        }"""
    )

    assert gaps[0] > 100
    assert gaps[1] < 1


def height(page: Page, selector: str) -> float:
    """Return the height of the first element that matches, in CSS pixels."""
    box: Any = page.locator(selector).first.bounding_box()
    return float(box["height"])
