"""Keyset pagination of posts, users and comments."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from flask import Flask

from app.extensions import db
from app.models import Post
from tests.support.factories import Factory, UserData
from tests.support.http_client import Page, SiteClient

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PER_PAGE = 3


@pytest.fixture(autouse=True)
def short_pages(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("POSTS", "FOLLOWERS", "COMMENTS"):
        monkeypatch.setitem(app.config, f"FLASKY_{name}_PER_PAGE", PER_PAGE)


def create_posts(make: Factory, author: UserData, numbers: range, step: int = 1) -> list[int]:
    """Create posts `step` seconds apart; return their ids, newest first."""
    return [
        make.post(author, f"Post {number}", NOON + timedelta(seconds=number * step))
        for number in numbers
    ][::-1]


def post_ids(page: Page) -> list[int]:
    """Return the ids of the posts on a page in the order of their links."""
    assert page.status == 200
    links = [link.removeprefix("/post/") for link in page.links if link.startswith("/post/")]
    return list(dict.fromkeys(int(link) for link in links if link.isdecimal()))


def adjacent(page: Page, cursor: str) -> str | None:
    """Return the link to the older (`before`) or newer (`after`) page."""
    return next((link for link in page.links if f"?{cursor}=" in link), None)


def walk(
    client: SiteClient,
    path: str,
    cursor: str = "before",
    items: Callable[[Page], list[int]] = post_ids,
) -> list[list[int]]:
    """Return the items of each page from `path` on."""
    pages = []
    url: str | None = path
    while url:
        page = client.open(url)
        pages.append(items(page))
        url = adjacent(page, cursor)
        assert len(pages) < 50
    return pages


def flat(pages: Iterable[list[int]]) -> list[int]:
    return list(chain.from_iterable(pages))


@pytest.mark.both_databases
@pytest.mark.parametrize("number", [0, 1, 3, 4, 7])
@pytest.mark.parametrize("step", [0, 1], ids=["equal timestamps", "different timestamps"])
def test_all_rows_are_shown_once_in_both_directions(
    make: Factory, client: SiteClient, number: int, step: int
) -> None:
    ids = create_posts(make, make.user(), range(number), step)

    pages = walk(client, "/")

    assert flat(pages) == ids
    assert all(len(page) == PER_PAGE for page in pages[:-1])
    assert all(pages) or number == 0

    url, page = "/", client.open("/")
    assert adjacent(page, "after") is None
    while older := adjacent(page, "before"):
        url, page = older, client.open(older)
    assert flat(reversed(walk(client, url, "after"))) == ids


def test_new_rows_are_neither_repeated_nor_skipped(make: Factory, client: SiteClient) -> None:
    ann = make.user()
    ids = create_posts(make, ann, range(7))
    first = client.open("/")

    new = create_posts(make, ann, range(100, 105))
    older = adjacent(first, "before")
    assert older is not None

    assert post_ids(first) + flat(walk(client, older)) == ids
    assert flat(reversed(walk(client, older, "after")[1:])) == new + ids[:PER_PAGE]


def test_row_of_the_cursor_may_be_deleted(app: Flask, make: Factory, client: SiteClient) -> None:
    ids = create_posts(make, make.user(), range(7))
    older = adjacent(client.open("/"), "before")
    assert older is not None

    with app.app_context():
        db.session.delete(db.session.get_one(Post, ids[2]))
        db.session.commit()

    assert flat(walk(client, older)) == ids[PER_PAGE:]


@pytest.mark.both_databases
def test_pages_of_long_posts_are_shorter(
    make: Factory, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pagination.MAX_PAGE_LENGTH", 1_000)
    ann = make.user()
    lengths = [900, 1, 1, 700, 2_000, 300, 300, 300, 300]
    ids = [make.post(ann, "x" * length) for length in lengths][::-1]

    pages = walk(client, "/")
    last = adjacent(client.open("/"), "before")
    while last and (older := adjacent(client.open(last), "before")):
        last = older

    assert [len(page) for page in pages] == [2, 2, 1, 3, 1]
    assert flat(pages) == ids
    assert last is not None
    assert flat(reversed(walk(client, last, "after"))) == ids


INVALID_CURSORS = [
    *("", "x", "1", "1-", "-1", "1-2-3", "1-x", "1--1", "1-99999999999", f"{'9' * 18}-1"),
    *("1- 1", "\u0661-\u0661", "1-1'", "1-2147483648", "1.5-1", "%00", "0x1-1", "9" * 5000),
]


@pytest.mark.parametrize("name", ["before", "after"])
def test_invalid_cursor_is_a_bad_request(make: Factory, client: SiteClient, name: str) -> None:
    make.user()
    for cursor in INVALID_CURSORS:
        page = client.open(f"/user/ann?{name}={cursor}")

        assert page.status == 400, cursor
        assert "page link is invalid" in page.text or "NUL" in page.text


@pytest.mark.both_databases
@pytest.mark.parametrize("name", ["before", "after"])
def test_any_valid_cursor_is_accepted(make: Factory, client: SiteClient, name: str) -> None:
    create_posts(make, make.user(), range(4))
    for cursor in ("0-0", "0-2147483647", "99999999999999999-2147483647"):
        assert client.open(f"/?{name}={cursor}").status == 200, cursor


def test_page_beyond_the_last_row_links_to_the_first(make: Factory, client: SiteClient) -> None:
    create_posts(make, make.user(), range(4))
    for cursor in ("before=0-0", "after=99999999999999999-0"):
        page = client.open(f"/?{cursor}")

        assert post_ids(page) == []
        assert 'rel="prev" href="/"' in page.html


def test_posts_of_a_user_and_the_feed_are_paginated(make: Factory, client: SiteClient) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    ids = create_posts(make, ann, range(7))
    create_posts(make, bob, range(4))
    client.log_in(ann)

    for path in ("/user/ann", "/followed"):
        assert flat(walk(client, path)) == ids


@pytest.mark.both_databases
def test_lists_of_users_are_paginated(make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    for user in [make.user(f"user{number}") for number in range(7)]:
        make.follow(user, ann)
        make.follow(ann, user)

    def numbers(page: Page) -> list[int]:
        links = [link for link in page.links if link.startswith("/user/user")]
        return [int(link.removeprefix("/user/user")) for link in dict.fromkeys(links)]

    for path in ("/followers/ann", "/followed-by/ann"):
        assert flat(walk(client, path, items=numbers)) == [6, 5, 4, 3, 2, 1, 0]


@pytest.mark.both_databases
def test_comments_are_paginated(make: Factory, client: SiteClient) -> None:
    boss = make.user("boss", role="Administrator")
    post = make.post(boss)
    for number in range(7):
        make.comment(boss, post, f"Remark {number}.")
    client.log_in(boss)

    def numbers(page: Page) -> list[int]:
        return [int(number) for number in re.findall(r"Remark (\d)\.", page.text)]

    for path in (f"/post/{post}", "/moderate"):
        assert flat(walk(client, path, items=numbers)) == [6, 5, 4, 3, 2, 1, 0]
