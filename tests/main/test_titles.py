"""Titles of pages: users find a tab, a bookmark or a search result by them."""

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask

from tests.support.factories import Factory
from tests.support.http_client import SiteClient


def test_pages_with_different_posts_have_different_titles(
    app: Flask, make: Factory, client: SiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "FLASKY_POSTS_PER_PAGE", 1)
    ann = make.user("ann", name="Ann <Lee>")
    start = datetime(2026, 3, 1, tzinfo=UTC)
    posts = [
        make.post(ann, f"*{text}* & more " + "x" * 99, start + timedelta(hours=hour))
        for hour, text in enumerate(("One", "Two", "Three"))
    ]
    pages = [client.open(f"/post/{post}") for post in posts]
    for path in ("/", "/user/ann"):
        pages.append(client.open(path))
        while older := [link for link in pages[-1].links if "before=" in link]:
            pages.append(client.open(older[0]))

    titles = [unescape(page.html.partition("<title>")[2].partition("</")[0]) for page in pages]

    assert titles[0] == f"Ann <Lee>: “One & more {'x' * 48}…” – Flasky"
    assert len(set(titles)) == len(titles) == 9
