"""The rules for templates, styles and scripts: nothing that a strict content security policy
would refuse, and nothing that would make a browser call another host."""

import re
from collections.abc import Iterator
from pathlib import PurePath

import pytest

from tests.repository import Rule, complaints, files

LONGEST_FILE = 300

INLINE = {
    "inline style": r"<style\b|\sstyle\s*=",
    "inline script": r"<script\b(?![^>]*\ssrc\s*=)[^>]*>",
    "event handler": r"\son[a-z]+\s*=\s*[\"']",
    "script address": r"javascript:",
}
# A link that a person may follow is no request, so <a href> may lead anywhere.
FOREIGN = {
    "foreign source": r"\s(?:src|srcset|action|formaction|poster)\s*=\s*[\"'](?:https?:)?//",
    "foreign link": r"<link\b[^>]*\shref\s*=\s*[\"'](?:https?:)?//",
    "foreign style": r"(?:url\(|@import\s)\s*[\"']?(?:https?:)?//",
    "foreign call": r"\b(?:fetch|import)\(\s*[\"'`](?:https?:)?//",
}


def long_file(path: PurePath, text: str) -> Iterator[str]:
    length = len(text.splitlines())
    if length > LONGEST_FILE:
        yield f"{path} has {length} lines; {LONGEST_FILE} are allowed"


def inline_code(path: PurePath, text: str) -> Iterator[str]:
    yield from found(INLINE, path, text)


def foreign_host(path: PurePath, text: str) -> Iterator[str]:
    yield from found(FOREIGN, path, text)


def found(patterns: dict[str, str], path: PurePath, text: str) -> Iterator[str]:
    for what, pattern in patterns.items():
        for match in re.finditer(pattern, text, re.IGNORECASE):
            number = text.count("\n", 0, match.start()) + 1
            yield f"{path}:{number} {what}: {match[0].strip()}"


def page_files(*suffixes: str) -> list[PurePath]:
    """Return our templates, styles and scripts, without letters: those need inline styles."""
    return [
        path
        for path in files()
        if path.parts[:2] in {("app", "templates"), ("app", "static")}
        and path.suffix in suffixes
        and not {"email", "vendor"}.intersection(path.parts)
    ]


# A picture may hold its own style: the policy of the page that shows it does not reach inside.
@pytest.mark.parametrize(
    ("rule", "suffixes"),
    [
        (long_file, [".html", ".css", ".js"]),
        (inline_code, [".html"]),
        (foreign_host, [".html", ".css", ".js", ".svg"]),
    ],
)
def test_page_keeps_the_rule(rule: Rule, suffixes: list[str]) -> None:
    paths = page_files(*suffixes)

    assert paths
    assert complaints(rule, paths) == []


EXAMPLES = {
    "long file": (long_file, "\n" * 301, "\n" * 300),
    "style": (inline_code, '<p style="x">', '<p class="style">'),
    "style sheet": (inline_code, "<style>p {}</style>", '<link rel="stylesheet" href="/a.css">'),
    "script": (inline_code, "<script>x()</script>", '<script src="/x.js"></script>'),
    "data script": (inline_code, '<script data-src="x">', '<script defer src="x">'),
    "event handler": (inline_code, '<a onclick="x()">', '<a data-on="x">'),
    "script address": (inline_code, '<a href="javascript:x()">', '<a href="/javascript">'),
    "picture": (foreign_host, '<img src="//cdn.example/a">', '<img src="/a">'),
    "form": (foreign_host, '<form action="https://x.example">', '<form action="/">'),
    "link": (foreign_host, '<link href="https://x.example">', '<a href="https://x.example">'),
    "font": (foreign_host, "a { src: url(https://x.example/) }", "a { src: url(/a.woff2) }"),
    "import": (foreign_host, '@import "//x.example/a.css";', '@import "/a.css";'),
    "fetch": (foreign_host, 'fetch("https://x.example")', 'fetch("/preview")'),
}


@pytest.mark.parametrize(("rule", "bad", "good"), list(EXAMPLES.values()), ids=list(EXAMPLES))
def test_rule_tells_bad_from_good(rule: Rule, bad: str, good: str) -> None:
    path = PurePath("app/templates/posts/post.html")

    assert list(rule(path, bad))
    assert not list(rule(path, good))
