"""Lists, page by page."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
from flask import Flask

from app.extensions import db
from app.models import Post

from .factories import Factory, Person
from .reader import Page, Reader

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def short_pages(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows a page."""
    for name in ("POSTS", "FOLLOWERS", "COMMENTS"):
        monkeypatch.setitem(app.config, f"FLASKY_{name}_PER_PAGE", 3)


def write(make: Factory, author: Person, numbers: range, step: int = 1) -> list[int]:
    """Make numbered posts, `step` seconds apart; return their ids, the newest first."""
    moments = [NOON + timedelta(seconds=number * step) for number in numbers]
    return [
        make.post(author, f"Post {number}", moment)
        for number, moment in zip(numbers, moments, strict=True)
    ][::-1]


def shown(page: Page) -> list[int]:
    """Return the ids of the posts on a page, as they stand there."""
    assert page.status == 200
    links = [link.removeprefix("/post/") for link in page.links if link.startswith("/post/")]
    return list(dict.fromkeys(int(link) for link in links if link.isdecimal()))


def neighbour(page: Page, cursor: str) -> str | None:
    """Return the link to the older (`before`) or newer (`after`) page."""
    return next((link for link in page.links if f"?{cursor}=" in link), None)


def walk(reader: Reader, path: str, cursor: str) -> list[list[int]]:
    """Return what every page shows, from `path` on."""
    pages = []
    following: str | None = path
    while following:
        page = reader.open(following)
        pages.append(shown(page))
        following = neighbour(page, cursor)
        assert len(pages) < 50
    return pages


def flat(pages: Iterable[list[int]]) -> list[int]:
    return list(chain.from_iterable(pages))


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 6, 7, 10])
@pytest.mark.parametrize("step", [0, 1], ids=["equal times", "different times"])
def test_walk_shows_every_row_once_in_order(
    make: Factory, reader: Reader, number: int, step: int
) -> None:
    ids = write(make, make.user(), range(number), step)

    pages = walk(reader, "/", "before")

    assert flat(pages) == ids
    assert all(len(page) == 3 for page in pages[:-1])
    assert all(pages) or number == 0


@pytest.mark.parametrize("step", [0, 1], ids=["equal times", "different times"])
def test_walk_back_shows_the_same_rows(make: Factory, reader: Reader, step: int) -> None:
    ids = write(make, make.user(), range(9), step)
    path, page = "/", reader.open("/")
    while older := neighbour(page, "before"):
        path, page = older, reader.open(older)

    pages = walk(reader, path, "after")

    assert flat(reversed(pages)) == ids


def test_rows_that_arrive_meanwhile_neither_repeat_nor_hide_any(
    make: Factory, reader: Reader
) -> None:
    ann = make.user()
    ids = write(make, ann, range(7))
    first = reader.open("/")
    seen = shown(first)

    new = write(make, ann, range(100, 105))
    older = neighbour(first, "before")
    assert older is not None

    assert seen + flat(walk(reader, older, "before")) == ids
    assert flat(reversed(walk(reader, older, "after")[1:])) == new + ids[:3]


def test_row_of_the_cursor_may_be_deleted(app: Flask, make: Factory, reader: Reader) -> None:
    ids = write(make, make.user(), range(7))
    older = neighbour(reader.open("/"), "before")
    assert older is not None

    with app.app_context():
        db.session.delete(db.session.get_one(Post, ids[2]))
        db.session.commit()

    assert flat(walk(reader, older, "before")) == ids[3:]


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "x", "1", "1-", "-1", "1-2-3", "1-x", "1--1", "1-99999999999", f"{'9' * 18}-1"),
        *("1- 1", "\u0661-\u0661", "1-1'", "1-2147483648", "1.5-1", "%00", "0x1-1", "9" * 5000),
    ],
)
@pytest.mark.parametrize("name", ["before", "after"])
@pytest.mark.parametrize("path", ["/", "/user/ann"])
def test_damaged_cursor_is_refused_with_an_explanation(
    make: Factory, reader: Reader, path: str, name: str, cursor: str
) -> None:
    write(make, make.user(), range(1))

    page = reader.open(f"{path}?{name}={cursor}")

    assert page.status == 400
    assert "damaged" in page.text or "NUL" in page.text


@pytest.mark.parametrize("cursor", ["0-0", "0-2147483647", "99999999999999999-2147483647"])
@pytest.mark.parametrize("name", ["before", "after"])
def test_any_cursor_that_can_be_read_is_answered(
    make: Factory, reader: Reader, name: str, cursor: str
) -> None:
    write(make, make.user(), range(4))

    assert reader.open(f"/?{name}={cursor}").status == 200


@pytest.mark.parametrize("place", ["?before=0-0", "?after=99999999999999999-0"])
def test_page_beyond_the_end_leads_back(make: Factory, reader: Reader, place: str) -> None:
    write(make, make.user(), range(4))

    page = reader.open(f"/{place}")

    assert shown(page) == []
    assert 'rel="prev" href="/"' in page.html


def test_first_page_leads_to_nothing_newer_and_the_last_to_nothing_older(
    make: Factory, reader: Reader
) -> None:
    write(make, make.user(), range(6))
    first = reader.open("/")
    older = neighbour(first, "before")
    assert older is not None
    last = reader.open(older)

    assert neighbour(first, "after") is None
    assert neighbour(last, "before") is None
    assert neighbour(last, "after") is not None


@pytest.mark.parametrize("path", ["/user/ann", "/followed"])
def test_other_lists_of_posts_are_walked_the_same_way(
    make: Factory, reader: Reader, path: str
) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    ids = write(make, ann, range(7))
    write(make, bob, range(4))

    pages = walk(reader.log_in(ann), path, "before")

    assert flat(pages) == ids


@pytest.mark.parametrize("direction", ["followers", "followed-by"])
def test_people_are_walked_through(make: Factory, reader: Reader, direction: str) -> None:
    ann = make.user("ann")
    people = [make.user(f"person{number}") for number in range(7)]
    for person in people:
        make.follow(person, ann)
        make.follow(ann, person)
    named: list[str] = []
    following: str | None = f"/{direction}/ann"

    while following:
        page = reader.open(following)
        named += dict.fromkeys(link for link in page.links if link.startswith("/user/person"))
        following = neighbour(page, "before")

    assert named == [f"/user/person{number}" for number in reversed(range(7))]


@pytest.mark.parametrize("path", ["/post/{post}", "/moderate"])
def test_comments_are_walked_through(make: Factory, reader: Reader, path: str) -> None:
    boss = make.user("boss", role="Administrator")
    post = make.post(boss)
    for number in range(7):
        make.comment(boss, post, f"Remark {number}.")
    reader.log_in(boss)
    said: list[str] = []
    following: str | None = path.format(post=post)

    while following:
        page = reader.open(following)
        said += re.findall(r"Remark (\d)\.", page.text)
        following = neighbour(page, "before")

    assert said == [str(number) for number in reversed(range(7))]
