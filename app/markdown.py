"""Render Markdown as safe HTML.

The output holds only the tags and attributes listed here. Images become links because they would
send every visitor's browser to another host. Reference links and large tables are disabled
because a short text could expand to a very long page: a link definition is repeated at every
use, and short table rows are padded with empty cells. What remains, such as nested quotes and
empty links, can be 25 times as long as the text: HTML has a maximum length, too.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import escape

from .highlighting import CLASSES, highlight

COMMENT_TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "del", "div", "em", "hr", "i", "li", "ol"),
    *("p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
POST_TAGS = COMMENT_TAGS | {"h3", "h4", "h5", "h6"}
# Code and tables scroll. `tabindex` lets keyboards scroll them.
SCROLLING = {
    "<pre>": '<pre tabindex="0">',
    "<table>": '<div tabindex="0"><table>',
    "</table>": "</table></div>",
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "div": {"tabindex"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "td": {"align"},
    "th": {"align"},
}
SCHEMES = {"http", "https", "mailto"}
HIGHLIGHTING = re.compile("</?span[^>]*>")  # left out of very long texts
MAX_CELLS = 10_000
MAX_CODE = 4_000  # characters
# Characters: six times the longest text, so that one without formatting fits: a no-break space
# becomes "&nbsp;".
MAX_POST_HTML, MAX_COMMENT_HTML = 120_050, 30_050
# Texts whose HTML is kept: a form renders a text to validate it, and the model renders it again.
KEPT = 4
PAGE_LEVELS = 2  # h1 is the title of the page, h2 that of a post
# `@ann` is a link to a profile, and a URL is one without Markdown. Punctuation at the end is that
# of the sentence.
MENTION = r"(?<![\w@./+-])@(?P<name>[A-Za-z](?:[\w.]{0,62}\w)?)(?![\w@])"
URL = r"(?<![A-Za-z0-9])(?P<url>https?://(?=[\w\[])[^\s<>|\"“”‘’«»，。、；：！？（）]{1,2000})"
LINKED = re.compile(f"(?a:{MENTION})|{URL}", re.IGNORECASE)
MAX_MENTIONS = 10  # users in a text; others stay text
PROFILES = "/user/"  # below the path of SITE_URL: see `with_root()`


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


def headings_to_paragraphs(state: StateCore) -> None:
    """Replace headings by bold paragraphs: a comment has no outline of its own."""
    for index, token in enumerate(state.tokens):
        if token.type in {"heading_open", "heading_close"}:
            token.tag = "p"
        if token.type == "heading_open" and (text := state.tokens[index + 1]).children:
            bold = Token("strong_open", "strong", 1), Token("strong_close", "strong", -1)
            text.children = [bold[0], *text.children, bold[1]]


def align_cells(state: StateCore) -> None:
    """Align the cells of tables by an attribute; the security policy forbids inline styles."""
    for token in state.tokens:
        if token.type in {"th_open", "td_open"} and "style" in token.attrs:
            token.attrs = {"align": str(token.attrs["style"]).removeprefix("text-align:")}


def link_images(state: StateCore) -> None:
    """Replace images by links with their alternative text, or by that text inside a link."""
    for token in state.tokens:
        if token.type == "inline" and token.children:
            token.children = list(_link_images(state, token.children))


def _link_images(state: StateCore, tokens: list[Token]) -> Iterator[Token]:
    is_link = False
    for token in tokens:
        is_link = token.type == "link_open" or (is_link and token.type != "link_close")
        if token.type != "image":
            yield token
            continue
        url, render_alt = str(token.attrs["src"]), state.md.renderer.renderInlineAsText  # type: ignore[attr-defined]  # of RendererHTML
        alt = render_alt(token.children, state.md.options, state.env)
        text = Token("text", "", 0, content=alt or url)
        link = Token("link_open", "a", 1, attrs={"href": url}), Token("link_close", "a", -1)
        yield from (text,) if is_link else (link[0], text, link[1])


def link_text(state: StateCore) -> None:
    """Link URLs, and the first MAX_MENTIONS usernames, which are listed in the environment.

    No database is asked whether there is such a user: the link of an unknown name leads to a 404.
    """
    names: dict[str, str] = {}
    for token in state.tokens:
        if token.type == "inline" and token.children and re.search("@|://", token.content):
            token.children = list(_link_text(state.md, token.children, names))
    state.env["mentions"] = list(names)


def _link_text(md: MarkdownIt, tokens: list[Token], names: dict[str, str]) -> Iterator[Token]:
    is_link = False
    for token in tokens:
        is_link = token.type == "link_open" or (is_link and token.type != "link_close")
        if is_link or token.type != "text":
            yield token
            continue
        end = 0
        for match in LINKED.finditer(token.content):
            text, href = match[0], f"{PROFILES}{match['name']}"
            if match["url"]:
                text = _without_punctuation(text)
                href = md.normalizeLink(text)
            elif len(names) == MAX_MENTIONS and match["name"].lower() not in names:
                continue
            else:
                names[match["name"].lower()] = text
            yield Token("text", "", 0, content=token.content[end : match.start()])
            yield Token("link_open", "a", 1, attrs={"href": href})
            yield Token("text", "", 0, content=text)
            yield Token("link_close", "a", -1)
            end = match.start() + len(text)
        yield Token("text", "", 0, content=token.content[end:])


def _without_punctuation(url: str) -> str:
    """Return the URL without punctuation at its end, such as brackets that it has not opened."""
    while True:
        url = url.rstrip(".,;:!?'*_~")
        opening = {")": "(", "]": "["}.get(url[-1])
        if opening is None or url.count(opening) >= url.count(url[-1]):
            return url
        url = url[:-1]


def fence(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, env: Any) -> str:
    """Render a block of code; the first MAX_CODE characters in a text are highlighted."""
    code, language = tokens[index].content, tokens[index].info.partition(" ")[0]
    env["code"] = env.get("code", 0) + len(code)
    html = highlight(code, language) if env["code"] <= MAX_CODE else None
    return f"<pre><code>{escape(code) if html is None else html}</code></pre>\n"


def _new_markdown(headings: Callable[[StateCore], None]) -> MarkdownIt:
    options = {"html": False, "linkify": False, "maxNesting": 20}
    new = MarkdownIt("commonmark", options).enable(["table", "strikethrough"])
    new.disable("reference")
    new.block.ruler.at("table", small_table, {"alt": ["paragraph", "reference"]})
    new.add_render_rule("fence", fence)
    for rule in (headings, align_cells, link_images):
        new.core.ruler.push(rule.__name__, rule)
    new.core.ruler.before("text_join", link_text.__name__, link_text)  # before `\@` is text
    return new


_post, _comment = _new_markdown(nest_headings), _new_markdown(headings_to_paragraphs)


def mentions(text: str) -> list[str]:
    """Return the usernames that are links in the HTML of a text, in lower case."""
    if "@" not in text:
        return []
    environment: dict[str, list[str]] = {}
    _comment.parse(text, environment)
    return environment["mentions"]


@lru_cache(KEPT)
def render_post(text: str) -> str:
    """Return the HTML of a post; raise TooLong."""
    return _render(_post.render(text), POST_TAGS, MAX_POST_HTML)


@lru_cache(KEPT)
def render_comment(text: str) -> str:
    """Return the HTML of a comment, whose headings are bold paragraphs; raise TooLong."""
    return _render(_comment.render(text), COMMENT_TAGS, MAX_COMMENT_HTML)


def _render(html: str, tags: set[str], max_length: int) -> str:
    for tag, replacement in SCROLLING.items():  # HTML in the text is escaped
        html = html.replace(tag, replacement)
    html = nh3.clean(
        html,
        tags=tags,
        attributes=ATTRIBUTES,
        allowed_classes={"span": set(CLASSES.values())},
        url_schemes=SCHEMES,
        link_rel="nofollow ugc noopener",
    )
    if len(html) > max_length:
        html = HIGHLIGHTING.sub("", html)
    if len(html) > max_length:
        raise TooLong("The text has too much formatting.")
    return html
