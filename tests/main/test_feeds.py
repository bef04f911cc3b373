"""Atom feeds, the sitemap, and what pages say about themselves."""

import re
from datetime import datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from flask import Flask

from app.extensions import db
from app.main.feeds import MAX_SITEMAP_POSTS
from app.models import Post, User, utcnow
from tests.support.app_factory import make_app
from tests.support.databases import migrated
from tests.support.factories import Factory
from tests.support.http_client import SiteClient

ATOM = "{http://www.w3.org/2005/Atom}"
SITE = "http://flasky.example"


def atom(client: SiteClient, path: str = "/posts.atom") -> ET.Element:
    response = client.client.get(path)
    assert response.mimetype == "application/atom+xml"
    return ET.fromstring(response.data)


def texts(feed: ET.Element, name: str) -> list[str | None]:
    return [element.text for element in feed.iter(f"{ATOM}{name}")]


def test_feed_has_the_newest_posts(make: Factory, client: SiteClient) -> None:
    ann = make.user("ann", name="Ann & <Co>")
    make.post(ann, "Older")
    newest = make.post(ann, "## Hello\n\n*You* & @bob, 1 < 2")

    feed = atom(client)

    assert texts(feed, "title") == ["Flasky", "Hello You & @bob, 1 < 2", "Older"]
    entry = next(feed.iter(f"{ATOM}entry"))
    assert texts(entry, "id") == [f"{SITE}/post/{newest}"]
    assert texts(entry, "name") == ["Ann & <Co>"]
    [content] = texts(entry, "content")
    assert content is not None
    assert "<em>You</em> &amp; <a" in content
    assert texts(feed, "updated")[0] == texts(entry, "updated")[0]
    assert datetime.fromisoformat(str(texts(feed, "updated")[0])).tzinfo


def test_feed_of_a_user_has_their_posts_only(make: Factory, client: SiteClient) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    make.post(ann, "Mine")
    make.post(bob, "Theirs")

    feed = atom(client, "/user/ann/posts.atom")

    assert texts(feed, "title") == ["ann on Flasky", "Mine"]


def test_edited_post_is_updated(app: Flask, make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    post_id = make.post(ann)
    make.post(ann)
    edited_at = utcnow() + timedelta(hours=1)
    with app.app_context():
        db.session.get_one(Post, post_id).edited_at = edited_at
        db.session.commit()
    expected = edited_at.isoformat(timespec="seconds")

    updated = texts(atom(client), "updated")

    assert [time == expected for time in updated] == [True, False, True]
    assert f"<lastmod>{expected}</lastmod>" in client.client.get("/sitemap.xml").text


def test_empty_feeds_are_valid(make: Factory, client: SiteClient) -> None:
    make.user("ann")

    for path in ("/posts.atom", "/user/ann/posts.atom"):
        assert datetime.fromisoformat(str(texts(atom(client, path), "updated")[0])).tzinfo


def test_hidden_content_is_in_no_feed(app: Flask, make: Factory, client: SiteClient) -> None:
    ann, bob = make.user("ann"), make.user("bob")
    make.post(ann, "Of a suspended user")
    deleted = make.post(bob, "Deleted")
    with app.app_context():
        db.session.get_one(User, ann.id).suspend("Spam")
        db.session.get_one(Post, deleted).deleted_at = utcnow()
        db.session.commit()

    assert texts(atom(client), "title") == ["Flasky"]
    assert client.client.get("/user/ann/posts.atom").status_code == 404
    assert "/post/" not in client.client.get("/sitemap.xml").text


def test_characters_that_xml_forbids_are_left_out(make: Factory, client: SiteClient) -> None:
    make.post(make.user("ann", name="A\x0bnn\ufffe"), "One\x01\x1f two \U0001f600 ]]>")

    feed = atom(client)

    assert texts(feed, "name") == ["Ann"]
    assert texts(feed, "title")[1] == "One two \U0001f600 ]]>"


def test_unchanged_feed_is_not_sent_again(make: Factory, client: SiteClient) -> None:
    ann = make.user("ann")
    make.post(ann)
    etag = client.client.get("/posts.atom").headers["ETag"]

    again = client.client.get("/posts.atom", headers={"If-None-Match": etag})
    make.post(ann)
    changed = client.client.get("/posts.atom", headers={"If-None-Match": etag})

    assert (again.status_code, again.data, changed.status_code) == (304, b"", 200)


def test_sitemap_has_the_newest_posts_and_their_authors(
    app: Flask, make: Factory, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.main.feeds.MAX_SITEMAP_POSTS", 2)
    ann, bob = make.user("ann"), make.user("bob")
    make.post(ann, "Too old")
    posts = [make.post(bob), make.post(bob)]

    response = client.client.get("/sitemap.xml")

    assert response.mimetype == "application/xml"
    urls = [element.text for element in ET.fromstring(response.data).iter() if element.text]
    found = [url for url in urls if url.startswith(SITE)]
    assert found == [f"{SITE}/", *(f"{SITE}/post/{id}" for id in posts[::-1]), f"{SITE}/user/bob"]
    assert MAX_SITEMAP_POSTS <= 50_000


def test_urls_are_below_the_path_of_site_url() -> None:
    app = make_app(SITE_URL="https://example.org/blog")
    with migrated(app):
        robots, sitemap, feed = (
            app.test_client().get(path, headers={"Host": "evil.example"}).text
            for path in ("/robots.txt", "/sitemap.xml", "/posts.atom")
        )

    assert "Sitemap: https://example.org/blog/sitemap.xml" in robots
    assert "Disallow: /blog/admin/" in robots
    assert "<loc>https://example.org/blog/</loc>" in sitemap
    assert "<id>https://example.org/blog/posts.atom</id>" in feed


def test_post_without_text_is_described_by_its_title(make: Factory, client: SiteClient) -> None:
    post = make.post(make.user("ann"), "---")

    assert '<meta name="description" content="Post by ann">' in client.open(f"/post/{post}").html


def test_pages_describe_themselves(make: Factory, client: SiteClient) -> None:
    ann = make.user("ann", name="Ann", about_me="x" * 200)
    post = make.post(ann, '"Quoted" ' + "word " * 100)

    pages = {path: client.open(path).html for path in ("/", "/user/ann", f"/post/{post}")}

    for path, html in pages.items():
        [description] = re.findall(r'<meta name="description" content="([^"]+)">', html)
        assert 5 < len(description) <= 200
        assert f'<link rel="canonical" href="{SITE}{path}">' in html
        assert f'<meta property="og:url" content="{SITE}{path}">' in html
        assert f'<meta property="og:description" content="{description}">' in html
    assert 'content="&#34;Quoted&#34; word' in pages[f"/post/{post}"]
    assert 'title="Ann" href="/user/ann/posts.atom">' in pages["/user/ann"]
    assert 'title="Flasky" href="/posts.atom">' in pages["/"]
