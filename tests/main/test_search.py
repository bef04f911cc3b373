"""The search page: what it finds for whom, its excerpts, and unusual input."""

import re
from urllib.parse import quote

import pytest
from flask import Flask

from app.extensions import db
from app.models import Comment, User, utcnow
from tests.support.databases import record_statements
from tests.support.factories import Factory, UserData
from tests.support.http_client import SiteClient


@pytest.fixture
def ann(make: Factory) -> UserData:
    return make.user("ann", name="Ann Lee")


def test_posts_and_comments_are_found_with_marked_words(
    client: SiteClient, make: Factory, ann: UserData
) -> None:
    post = make.post(ann, "Long before.\n\n" * 40 + "The **Flask** is <b>small</b> & round")
    comment = make.comment(ann, post, "My flask, too")

    posts, comments = (client.open(f"/search{kind}?q=flask") for kind in ("", "/comments"))

    assert "<mark>Flask</mark> is &lt;b&gt;small&lt;/b&gt; &amp; round" in posts.html
    assert f'href="/post/{post}"' in posts.html
    assert '<meta name="robots" content="noindex">' in posts.html
    assert "<title>Search: flask – " in posts.html
    assert "My <mark>flask</mark>, too" in comments.html
    assert f'href="/comment/{comment}"' in comments.html


def test_users_are_found_by_the_beginning_of_both_names(
    client: SiteClient, make: Factory, ann: UserData
) -> None:
    make.user("zoe", name="Anna")
    make.user("bo")

    names = {query: usernames(client, query) for query in ("an", "@ANN", "lee", "b%", "_")}

    assert names == {"an": ["ann", "zoe"], "@ANN": ["ann", "zoe"], "lee": [], "b%": [], "_": []}


def usernames(client: SiteClient, query: str) -> list[str]:
    """Return the users who are found."""
    return linked_users(client, f"/search/users?q={quote(query)}")


def linked_users(client: SiteClient, path: str) -> list[str]:
    """Return the users to whom the main part of a page links."""
    main = client.open(path).html.partition("<main")[2]
    return list(dict.fromkeys(re.findall('href="/user/(.*?)"', main)))


def test_pages_lead_to_older_and_newer_results(
    app: Flask, client: SiteClient, make: Factory, ann: UserData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "FLASKY_POSTS_PER_PAGE", 2)
    for number in range(5):
        make.post(ann, f"word {number}")

    pages = [client.open("/search?q=word")]
    while older := [link for link in pages[-1].links if "before=" in link]:
        assert "q=word" in older[0]
        pages.append(client.open(older[0]))
    [newer] = [link for link in pages[-1].links if "after=" in link]

    texts = [[n for n in range(5) if f"</mark> {n}" in page.html] for page in pages]
    assert texts == [[3, 4], [1, 2], [0]]
    assert "</mark> 2" in client.open(newer).html


def test_what_is_hidden_is_not_found(
    app: Flask, client: SiteClient, make: Factory, ann: UserData
) -> None:
    kept = make.post(ann, "secret kept")
    others = {name: make.user(f"other_{name}") for name in ("suspended", "deleted", "muted")}
    others["blocker"] = make.user("other_blocker")
    for other in others.values():
        make.comment(ann, make.post(other, "secret post"), "secret below")
        make.comment(other, kept, "secret comment")
    hidden = make.comment(ann, kept, "secret disabled")
    make.user("other_unconfirmed", confirmed=False)
    make.mute(ann, others["muted"])
    make.block(others["blocker"], ann)
    with app.app_context():
        db.session.get_one(User, others["suspended"].id).suspended_at = utcnow()
        db.session.get_one(User, others["deleted"].id).deleted_at = utcnow()
        db.session.get_one(Comment, hidden).disabled = True
        db.session.commit()
    reader = SiteClient(app).log_in(ann)
    everyone = {"other_muted", "other_blocker"}

    assert authors(client, "") == {"ann", *everyone}
    assert authors(reader, "") == {"ann"}
    assert authors(client, "/comments") == {"ann", *everyone}
    assert "</mark> disabled" not in client.open("/search/comments?q=secret").html
    assert authors(reader, "/comments") == {"ann"}
    assert set(usernames(client, "other")) == everyone
    assert usernames(reader, "other") == []


def authors(client: SiteClient, kind: str) -> set[str]:
    """Return the authors of what is found."""
    return set(linked_users(client, f"/search{kind}?q=secret"))


@pytest.mark.both_databases
@pytest.mark.parametrize("kind", ["", "/comments", "/users"])
def test_unusual_input_finds_nothing(
    client: SiteClient, make: Factory, ann: UserData, kind: str
) -> None:
    make.comment(ann, make.post(ann, "word"), "word")
    queries = [
        "!!!",
        "\"'`;--",
        "\\ % _",
        "a & | ! <-> :*",
        "NEAR(x)",
        "\u202e\u200f",
        "🙂",
        "<b>",
    ]

    for query in [*map(quote, queries), "%ED%A0%80", "%FF", "word+nothing"]:
        page = client.open(f"/search{kind}?q={query}")
        assert page.status == 200, query
        assert "Nothing found" in page.text, query
    assert "Finds posts" in client.open(f"/search{kind}?q=+").text
    assert client.open(f"/search{kind}?q=%00").status == 400
    for length in (101, 10_000):
        page = client.open(f"/search{kind}?q={'x' * length}")
        assert page.status == 400
        assert "Use at most 100 characters." in page.text


def test_search_takes_one_statement(app: Flask, client: SiteClient, ann: UserData) -> None:
    for path, count in {"": 1, "/comments": 1, "/users": 1}.items():
        with record_statements(app) as statements:
            client.open(f"/search{path}?q=word")
        assert len(statements) == count


def test_searches_are_limited_with_those_of_the_api(
    app: Flask, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "RATELIMIT_SEARCH", "2 per minute")

    assert client.open("/search?q=x").status == 200
    assert client.client.get("/api/v1/search/users/?q=x").status_code == 200
    assert client.open("/search/comments?q=x").status == 429
