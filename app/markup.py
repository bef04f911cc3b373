"""Markdown in, safe HTML out.

What comes out holds only the tags and attributes named here. Pictures are left out on purpose:
they would make every reader's browser ask a foreign host.
"""

import nh3
from markdown_it import MarkdownIt

POST_TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6"),
    *("hr", "i", "li", "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead"),
    *("tr", "ul"),
}
COMMENT_TAGS = {"a", "b", "br", "code", "em", "i", "li", "ol", "p", "pre", "s", "strong", "ul"}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}


_markdown = (
    MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": 20})
    .enable(["table", "strikethrough"])
    .disable("image")
)


def render_post(text: str) -> str:
    """Return the HTML of a post's Markdown."""
    return _clean(_markdown.render(text), POST_TAGS)


def render_comment(text: str) -> str:
    """Return the HTML of a comment's Markdown: the same language, fewer tags."""
    return _clean(_markdown.render(text), COMMENT_TAGS)


def _clean(html: str, tags: set[str]) -> str:
    return nh3.clean(
        html.replace("<h1>", "<h2>").replace("</h1>", "</h2>"),
        tags=tags,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="nofollow ugc noopener",
    )
