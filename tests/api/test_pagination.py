"""Lists: pages, their links, and the number of statements."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from app.models import utcnow
from tests.support.api_client import ApiClient, issue_token
from tests.support.databases import record_statements
from tests.support.factories import Factory, UserData

LISTS = [
    "/posts/",
    "/comments/",
    "/posts/{post}/comments/",
    "/users/{ann}/posts/",
    "/users/{ann}/timeline/",
    "/users/{ann}/followers/",
    "/users/{ann}/following/",
    "/tokens/",
]


def fill(app: Flask, make: Factory, size: int) -> tuple[UserData, dict[str, int]]:
    """Create `size` items for each list; return the user and the ids for the paths."""
    ann = make.user("ann")
    now = utcnow()
    posts = [make.post(ann, f"Post {n}", now - timedelta(minutes=n)) for n in range(size)]
    for n in range(size):
        add_items(app, make, ann, posts[0], f"user{n}")
    return ann, {"ann": ann.id, "post": posts[0]}


def add_items(app: Flask, make: Factory, ann: UserData, post: int, username: str) -> None:
    """Add an item to each list except those of posts."""
    make.comment(ann, post)
    other = make.user(username, password_hash="x")
    make.follow(other, ann)
    make.follow(ann, other)
    issue_token(app, ann)


def items_of(page: dict[str, Any]) -> list[Any]:
    [items] = [value for value in page.values() if isinstance(value, list)]
    return items


@pytest.mark.both_databases
def test_pages_link_to_each_other(app: Flask, make: Factory) -> None:
    ann, ids = fill(app, make, 5)
    client = ApiClient(app, ann)

    for path in (template.format(**ids) for template in LISTS):
        expected = items_of(client.get(path).get_json())
        pages = [client.get(f"{path}?limit=2").get_json()]
        while url := pages[-1]["next_url"]:
            assert url.startswith(f"http://localhost/api/v1{path}?")
            pages.append(client.get(url.removeprefix("http://localhost")).get_json())
        assert [item for page in pages for item in items_of(page)] == expected, path
        assert pages[0]["prev_url"] is None
        previous = client.get(pages[-1]["prev_url"].removeprefix("http://localhost")).get_json()
        assert items_of(previous) == items_of(pages[-2])


def test_page_does_not_change_when_items_are_added(app: Flask, make: Factory) -> None:
    ann, _ids = fill(app, make, 4)
    client = ApiClient(app, ann)
    first = client.get("/posts/?limit=2").get_json()
    make.post(ann, "New")

    second = client.get(first["next_url"].removeprefix("http://localhost")).get_json()

    assert [post["body"] for post in second["posts"]] == ["Post 2", "Post 3"]


def test_default_limit_is_20_and_is_not_repeated_in_links(app: Flask, make: Factory) -> None:
    ann = make.user("ann")
    for _ in range(21):
        make.post(ann)

    page = ApiClient(app).get("/posts/").get_json()

    assert len(page["posts"]) == 20
    assert "limit" not in page["next_url"]


def test_number_of_statements_does_not_depend_on_the_number_of_items(
    app: Flask, make: Factory
) -> None:
    ann, ids = fill(app, make, 1)
    client = ApiClient(app, ann)
    paths = [*LISTS, "/me", "/users/{ann}", "/posts/{post}"]
    client.get("/me")  # updates last_seen

    def statements(path: str) -> int:
        with record_statements(app) as executed:
            assert client.get(path.format(**ids)).status_code == 200
        assert not [sql for sql in executed if "count(*)" in sql.lower()]
        return len(executed)

    before = {path: statements(path) for path in paths}
    for number in range(3):
        add_items(app, make, ann, make.post(ann), f"other{number}")
        make.comment(ann, ids["post"])
    after = {path: statements(path) for path in paths}

    assert before == after
    assert max(after.values()) <= 3


LONG = "x" * 20_000  # and as HTML once more


@pytest.mark.both_databases
@pytest.mark.parametrize("path", ["/posts/", "/users/{ann}/posts/", "/users/{ann}/timeline/"])
def test_pages_of_long_posts_are_shorter(app: Flask, make: Factory, path: str) -> None:
    ann = make.user("ann")
    ids = [make.post(ann, f"{number} {LONG[:-3]}") for number in range(60)]
    client = ApiClient(app, ann)
    path = path.format(ann=ann.id) + "?limit=100"

    pages = [client.get(path).get_json()]
    while url := pages[-1]["next_url"]:
        pages.append(client.get(url.removeprefix("http://localhost")).get_json())
    newer = [pages[-1]]
    while url := newer[-1]["prev_url"]:
        newer.append(client.get(url.removeprefix("http://localhost")).get_json())

    assert [len(page["posts"]) for page in pages] == [24, 24, 12]
    assert [post["id"] for page in pages for post in page["posts"]] == ids[::-1]
    assert [post["id"] for page in newer[::-1] for post in page["posts"]] == ids[::-1]


@pytest.mark.parametrize("path", ["/comments/", "/posts/{post}/comments/"])
def test_pages_of_long_comments_are_shorter(app: Flask, make: Factory, path: str) -> None:
    ann = make.user("ann")
    post = make.post(ann)
    ids = [make.comment(ann, post, "&" * 5_000) for _ in range(50)]
    client = ApiClient(app)

    first = client.get(path.format(post=post) + "?limit=100")
    second = client.get(first.get_json()["next_url"].removeprefix("http://localhost"))

    pages = [response.get_json()["comments"] for response in (first, second)]
    assert [len(page) for page in pages] == [33, 17]
    assert [comment["id"] for page in pages for comment in page] == ids[::-1]
    assert len(first.data) < 1_100_000


def test_one_long_row_is_a_page(
    app: Flask, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pagination.MAX_PAGE_LENGTH", 10_000)
    ann = make.user("ann")
    ids = [make.post(ann, LONG) for _ in range(3)]

    pages = [ApiClient(app).get("/posts/").get_json()]
    while url := pages[-1]["next_url"]:
        pages.append(ApiClient(app).get(url.removeprefix("http://localhost")).get_json())

    assert [[post["id"] for post in page["posts"]] for page in pages] == [[i] for i in ids[::-1]]


def test_count_is_the_total_number(app: Flask, make: Factory) -> None:
    ann, ids = fill(app, make, 3)
    client = ApiClient(app, ann)

    for path in LISTS[2:4] + LISTS[5:7]:
        assert client.get(path.format(**ids) + "?limit=1").get_json()["count"] == 3


def test_page_after_the_last_item_is_empty(app: Flask, make: Factory) -> None:
    ann, _ids = fill(app, make, 1)

    page = ApiClient(app, ann).get("/posts/?before=1-1").get_json()

    assert page["posts"] == []
    assert page["prev_url"].endswith("/api/v1/posts/")


def test_after_takes_precedence_over_before(app: Flask, make: Factory) -> None:
    make.post(make.user("ann"))

    page = ApiClient(app).get("/posts/?before=1-1&after=1-1").get_json()

    assert len(page["posts"]) == 1
