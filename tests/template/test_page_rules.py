"""Templates, style sheets and scripts comply with the content security policy.

They have no inline code and load nothing from another host.
"""

import re
from collections.abc import Iterator
from pathlib import PurePath

import pytest

from tests.support.repository import Rule, files, violations

MAX_FILE_LINES = 300

INLINE = {
    "inline style": r"<style\b|\sstyle\s*=",
    "inline script": r"<script\b(?![^>]*\ssrc\s*=)[^>]*>",
    "event handler": r"\son[a-z]+\s*=\s*[\"']",
    "script URL": r"javascript:",
}
# <a href> is not checked: following a link is the user's choice.
EXTERNAL = {
    "external source": r"\s(?:src|srcset|action|formaction|poster)\s*=\s*[\"'](?:https?:)?//",
    "external link": r"<link\b[^>]*\shref\s*=\s*[\"'](?:https?:)?//",
    "external style": r"(?:url\(|@import\s)\s*[\"']?(?:https?:)?//",
    "external request": r"\b(?:fetch|import)\(\s*[\"'`](?:https?:)?//",
}


def long_file(path: PurePath, text: str) -> Iterator[str]:
    length = len(text.splitlines())
    if length > MAX_FILE_LINES:
        yield f"{path} has {length} lines; the limit is {MAX_FILE_LINES}"


def inline_code(path: PurePath, text: str) -> Iterator[str]:
    yield from matches(INLINE, path, text)


def external_host(path: PurePath, text: str) -> Iterator[str]:
    yield from matches(EXTERNAL, path, text)


def matches(patterns: dict[str, str], path: PurePath, text: str) -> Iterator[str]:
    for kind, pattern in patterns.items():
        for match in re.finditer(pattern, text, re.IGNORECASE):
            number = text.count("\n", 0, match.start()) + 1
            yield f"{path}:{number} {kind}: {match[0].strip()}"


def page_files(*suffixes: str) -> list[PurePath]:
    """Return templates, styles and scripts, except vendored files and email templates.

    Email clients require inline styles.
    """
    return [
        path
        for path in files()
        if path.parts[:2] in {("app", "templates"), ("app", "static")}
        and path.suffix in suffixes
        and not {"email", "vendor"}.intersection(path.parts)
    ]


# SVG files may have inline styles: the policy of the page does not apply inside an image.
@pytest.mark.parametrize(
    ("rule", "suffixes"),
    [
        (long_file, [".html", ".css", ".js"]),
        (inline_code, [".html"]),
        (external_host, [".html", ".css", ".js", ".svg"]),
    ],
)
def test_front_end_files_follow_the_rule(rule: Rule, suffixes: list[str]) -> None:
    paths = page_files(*suffixes)

    assert paths
    assert violations(rule, paths) == []


EXAMPLES = {
    "long file": (long_file, "\n" * 301, "\n" * 300),
    "style": (inline_code, '<p style="x">', '<p class="style">'),
    "style sheet": (inline_code, "<style>p {}</style>", '<link rel="stylesheet" href="/a.css">'),
    "script": (inline_code, "<script>x()</script>", '<script src="/x.js"></script>'),
    "data script": (inline_code, '<script data-src="x">', '<script defer src="x">'),
    "event handler": (inline_code, '<a onclick="x()">', '<a data-on="x">'),
    "script URL": (inline_code, '<a href="javascript:x()">', '<a href="/javascript">'),
    "image": (external_host, '<img src="//cdn.example/a">', '<img src="/a">'),
    "form": (external_host, '<form action="https://x.example">', '<form action="/">'),
    "link": (external_host, '<link href="https://x.example">', '<a href="https://x.example">'),
    "font": (external_host, "a { src: url(https://x.example/) }", "a { src: url(/a.woff2) }"),
    "import": (external_host, '@import "//x.example/a.css";', '@import "/a.css";'),
    "fetch": (external_host, 'fetch("https://x.example")', 'fetch("/preview")'),
}


@pytest.mark.parametrize(("rule", "bad", "good"), list(EXAMPLES.values()), ids=list(EXAMPLES))
def test_rule_rejects_bad_and_accepts_good_example(rule: Rule, bad: str, good: str) -> None:
    path = PurePath("app/templates/posts/post.html")

    assert list(rule(path, bad))
    assert not list(rule(path, good))
