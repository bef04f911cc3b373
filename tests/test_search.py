"""Excerpts of what a search has found."""

import pytest

from app.search import EXCERPT, excerpt

LONG = "<p>" + "before " * 100 + "<em>needle</em> " + "after " * 100 + "</p>"


@pytest.mark.parametrize(
    ("html", "query", "expected"),
    [
        ("<p>One two</p>\n<p>three</p>", "three", "One two <mark>three</mark>"),
        ("<p>a &lt;b&gt; &amp;amp; c</p>", "<b>", "a &lt;<mark>b</mark>&gt; &amp;amp; c"),
        (
            "<p>Search, searching, research</p>",
            "searches",
            "<mark>Search</mark>, <mark>searching</mark>, research",
        ),
        (
            "<p>The run, running, there</p>",
            "the run",
            "<mark>The</mark> <mark>run</mark>, <mark>running</mark>, there",
        ),
        ("<p>今天大家都来了</p>", "大家都", "今天<mark>大家都</mark>来了"),
        ("<p>مرحبا بالعالم</p>", "مرحبا", "<mark>مرحبا</mark> بالعالم"),
        ("<p>Two seatposts</p>", "post", "Two seat<mark>posts</mark>"),
        ("<p>nothing here</p>", "absent", "nothing here"),
        ("<p>nothing here</p>", "!!! [(*+?", "nothing here"),
        ("", "word", ""),
    ],
)
def test_words_are_marked_in_escaped_text(html: str, query: str, expected: str) -> None:
    assert excerpt(html, query) == expected


def test_excerpt_of_a_long_text_is_around_the_first_word() -> None:
    text = excerpt(LONG, "needle")

    assert text.startswith("… before ")
    assert "<mark>needle</mark>" in text
    assert text.endswith("…")
    assert len(text) < EXCERPT + 20
