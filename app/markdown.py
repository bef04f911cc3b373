"""Render Markdown as safe HTML.

The output holds only the tags and attributes listed here. Images are disabled because they would
send every visitor's browser to another host. Reference links and large tables are disabled
because a short text could expand to a very long page: a link definition is repeated at every
use, and short table rows are padded with empty cells. What remains, such as nested quotes and
empty links, can be 25 times as long as the text: HTML has a maximum length, too.
"""

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore

POST_TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "h6", "hr"),
    *("i", "li", "ol", "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead"),
    *("tr", "ul"),
}
COMMENT_TAGS = {"a", "b", "br", "code", "em", "i", "li", "ol", "p", "pre", "s", "strong", "ul"}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
MAX_CELLS = 10_000
# Characters: six times the longest text, so that one without formatting fits: a no-break space
# becomes "&nbsp;".
MAX_POST_HTML, MAX_COMMENT_HTML = 120_050, 30_050
# Texts whose HTML is kept: a form renders a text to validate it, and the model renders it again.
KEPT = 4
PAGE_LEVELS = 2  # h1 is the title of the page, h2 that of a post


class TooLong(ValueError):
    """The HTML of a text would be too long."""


def small_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a table, unless its columns times the remaining lines exceed MAX_CELLS."""
    columns = state.src.count("|", state.bMarks[start], state.eMarks[start]) + 1
    return columns * (end - start) <= MAX_CELLS and table(state, start, end, silent)


def nest_headings(state: StateCore) -> None:
    """Renumber headings to continue those of the page without gaps, as screen readers need."""
    above: list[str] = []
    for token in state.tokens:
        if token.type == "heading_open":
            above = [*(tag for tag in above if tag < token.tag), token.tag]
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(PAGE_LEVELS + len(above), 6)}"


_markdown = (
    MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": 20})
    .enable(["table", "strikethrough"])
    .disable(["image", "reference"])
)
_markdown.core.ruler.push("nest_headings", nest_headings)
_markdown.block.ruler.at("table", small_table, {"alt": ["paragraph", "reference"]})


@lru_cache(KEPT)
def render_post(text: str) -> str:
    """Return the HTML of a post; raise TooLong."""
    return _render(text, POST_TAGS, MAX_POST_HTML)


@lru_cache(KEPT)
def render_comment(text: str) -> str:
    """Return the HTML of a comment, with fewer tags than a post; raise TooLong."""
    return _render(text, COMMENT_TAGS, MAX_COMMENT_HTML)


def _render(text: str, tags: set[str], max_length: int) -> str:
    html = nh3.clean(
        _markdown.render(text),
        tags=tags,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="nofollow ugc noopener",
    )
    if len(html) > max_length:
        raise TooLong("The text has too much formatting.")
    return html
