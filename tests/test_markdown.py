"""Markdown is rendered as safe HTML: only allowed tags and attributes, for any input."""

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app import markdown
from app.models import Comment, Post

Render = Callable[[str], str]
KINDS = {
    "post": (markdown.render_post, markdown.POST_TAGS),
    "comment": (markdown.render_comment, markdown.COMMENT_TAGS),
}
ATTRIBUTES = {("a", "href"), ("a", "title"), ("a", "rel"), ("ol", "start")}
ATTRIBUTES |= {("div", "tabindex"), ("pre", "tabindex"), ("td", "align"), ("th", "align")}
# Parts of typical XSS attacks.
FRAGMENTS = [
    *(
        "<",
        ">",
        "</",
        "/>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "&",
        "&lt;",
        "&#106;",
        '"',
        "'",
    ),
    *("<script>", "</script>", "<img src=x onerror=", "<svg/onload=", "<style>", "<b onclick=x>"),
    *(
        "javascript:",
        "JaVaScRiPt:",
        "java\tscript:",
        "data:text/html,",
        "vbscript:",
        "//x.example",
    ),
    *("[a](", ")", "![a](", "<http://", "[", "]", "]: ", "`", "```\n", "*", "**", "_", "~~", "# "),
    *("> ", "- ", "1. ", "| a | b |\n|--|--|\n", "\n", "\n\n", "    ", "\t", "\\", "\0", "é", "x"),
]


class Tags(HTMLParser):
    """Collects the tags of HTML with their attributes, and everything else that is not text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.other: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_comment(self, data: str) -> None:
        self.other.append(data)

    def handle_decl(self, decl: str) -> None:
        self.other.append(decl)

    def handle_pi(self, data: str) -> None:
        self.other.append(data)

    def unknown_decl(self, data: str) -> None:
        self.other.append(data)


def forbidden(html: str, allowed: set[str]) -> Iterator[str]:
    """Yield everything in `html` that is not allowed."""
    tags = Tags(html)
    yield from tags.other
    for tag, attributes in tags.tags:
        if tag not in allowed:
            yield tag
        for name, value in attributes.items():
            if (tag, name) not in ATTRIBUTES:
                yield f"{tag} {name}"
            if name == "href" and scheme(value or "") not in {None, *markdown.SCHEMES}:
                yield f"{tag} {name}={value}"


def scheme(url: str) -> str | None:
    """Return the scheme of a URL as browsers parse it: they ignore some whitespace."""
    url = re.sub(r"[\t\r\n]", "", url).lstrip("".join(map(chr, range(33))))
    match = re.match(r"([a-z][a-z0-9+.-]*):", url, re.IGNORECASE)
    return match[1].lower() if match else None


def any_text() -> st.SearchStrategy[str]:
    return st.text() | st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3)).map("".join)


@pytest.mark.parametrize("kind", KINDS)
@given(text=any_text())
@example(text='<a href="javascript:alert(1)">x</a>')
@example(text="[x](javascript:alert(1))")
@example(text="<javascript:alert(1)>")
def test_only_allowed_tags_and_attributes_are_rendered(kind: str, text: str) -> None:
    render, allowed = KINDS[kind]

    assert list(forbidden(render(text), allowed)) == []


@pytest.mark.parametrize(
    "html",
    [
        "<script>x</script>",
        "<p onclick=x>",
        '<a href="javascript:x">',
        '<a href="data:x">',
        '<a href=" java\tscript:x">',
        "<img>",
        "<!-- x -->",
        "<!DOCTYPE html>",
    ],
)
def test_forbidden_html_is_detected(html: str) -> None:
    assert list(forbidden(html, markdown.POST_TAGS))


RENDERED = {
    "paragraph": ("Hello", "<p>Hello</p>"),
    "emphasis": ("*a* **b**", "<p><em>a</em> <strong>b</strong></p>"),
    "struck": ("~~a~~", "<p><s>a</s></p>"),
    "title": ("# a", "<h3>a</h3>"),
    "subtitle": ("## a", "<h3>a</h3>"),
    "underlined title": ("a\n===", "<h3>a</h3>"),
    "gap between levels": ("# a\n#### b", "<h3>a</h3>\n<h4>b</h4>"),
    "back up": ("## a\n### b\n## c\n# d", "<h3>a</h3>\n<h4>b</h4>\n<h3>c</h3>\n<h3>d</h3>"),
    "deep": (
        "# a\n## b\n### c\n#### d\n##### e",
        "<h3>a</h3>\n<h4>b</h4>\n<h5>c</h5>\n<h6>d</h6>\n<h6>e</h6>",
    ),
    "small title": ("###### a", "<h3>a</h3>"),
    "written h1": ("`<h1>`", "<p><code>&lt;h1&gt;</code></p>"),
    "code": ("    <b>\n", '<pre tabindex="0"><code>&lt;b&gt;\n</code></pre>'),
    "fence": ("```python\nx\n```", '<pre tabindex="0"><code>x\n</code></pre>'),
    "quote": ("> a", "<blockquote>\n<p>a</p>\n</blockquote>"),
    "list": ("- a", "<ul>\n<li>a</li>\n</ul>"),
    "numbers": ("3. a", '<ol start="3">\n<li>a</li>\n</ol>'),
    "line": ("---", "<hr>"),
    "script": ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    "html": ("<b>a</b>", "<p>&lt;b&gt;a&lt;/b&gt;</p>"),
    "event": (
        "<img src=x onerror=alert(1)>",
        "<p>&lt;img src=x onerror=alert(1)&gt;</p>",
    ),
    "script link": ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
    "hidden script link": (
        "[a](java&#115;cript:alert(1))",
        "<p>[a](javascript:alert(1))</p>",
    ),
    "data link": ("[a](data:text/html,x)", "<p>[a](data:text/html,x)</p>"),
    "telephone": ("[a](tel:1)", '<p><a rel="nofollow ugc noopener">a</a></p>'),
    "bare email": ("ann@x.example", "<p>ann@x.example</p>"),
    "entity": ("&lt;b&gt; &copy;", "<p>&lt;b&gt; ©</p>"),
    "nothing": ("", ""),
    "blank": (" \n\n ", ""),
    "link by reference": ("[a]\n\n[a]: /b", "<p>[a]</p>\n<p>[a]: /b</p>"),
    "null": ("a\0b", "<p>a\N{REPLACEMENT CHARACTER}b</p>"),
}


@pytest.mark.parametrize(("text", "html"), RENDERED.values(), ids=RENDERED)
def test_post_is_rendered_as(text: str, html: str) -> None:
    assert markdown.render_post(text).strip() == html


IMAGES = [
    "![a](https://x.example/a.png)",
    "![a][b]\n\n[b]: /c",
    "<img src=/a>",
    "[![a](/b)](/c)",
]


@pytest.mark.parametrize("render", [markdown.render_post, markdown.render_comment])
@pytest.mark.parametrize("text", IMAGES)
def test_images_are_removed(render: Render, text: str) -> None:
    assert "<img" not in render(text)


LINKED_IMAGES = {
    "image": ("![a *b*](/c)", [("/c", "a b")]),
    "without a text": ("![](https://x.example/a.png)", [("https://x.example/a.png",) * 2]),
    "in a link": ("[![a](/b) c](/d)", [("/d", "a c")]),
    "after a link": ("[a](/b) ![c](/d)", [("/b", "a"), ("/d", "c")]),
    "image in an image": ("![a ![b](/c)](/d)", [("/d", "a b")]),
    "script": ("![a](javascript:b)", []),
    "HTML": ("![<b>](/c)", [("/c", "&lt;b&gt;")]),
}


@pytest.mark.parametrize("render", [markdown.render_post, markdown.render_comment])
@pytest.mark.parametrize(("text", "links"), LINKED_IMAGES.values(), ids=LINKED_IMAGES)
def test_image_is_a_link_with_its_text(
    render: Render, text: str, links: list[tuple[str, str]]
) -> None:
    assert re.findall('<a href="([^"]*)"[^>]*>(.*?)</a>', render(text)) == links


LINKS = {
    "plain": ("[a](https://x.example/?b=c&d=e)", "https://x.example/?b=c&d=e"),
    "titled": ('[a](https://x.example "T")', "https://x.example"),
    "autolink": ("<https://x.example>", "https://x.example"),
    "email": ("<ann@example.com>", "mailto:ann@example.com"),
    "internal": ("[a](/user/ann)", "/user/ann"),
    "other host": ("[a](//x.example)", "//x.example"),
}


@pytest.mark.parametrize("render", [markdown.render_post, markdown.render_comment])
@pytest.mark.parametrize(("text", "url"), LINKS.values(), ids=LINKS)
def test_link_has_href_and_rel(render: Render, text: str, url: str) -> None:
    [(_, link)] = [tag for tag in Tags(render(text)).tags if tag[0] == "a"]

    assert link["href"] == url
    assert set((link["rel"] or "").split()) == {"nofollow", "ugc", "noopener"}


@pytest.mark.parametrize("render", [markdown.render_post, markdown.render_comment])
def test_table_scrolls_and_keeps_the_alignment_of_its_columns(render: Render) -> None:
    html = render("| a | b | c |\n|:-:|--:|---|\n| d | e | f |")

    assert Tags(html).tags == [
        ("div", {"tabindex": "0"}),
        *(("table", {}), ("thead", {}), ("tr", {})),
        *(("th", {"align": "center"}), ("th", {"align": "right"}), ("th", {})),
        *(("tbody", {}), ("tr", {})),
        *(("td", {"align": "center"}), ("td", {"align": "right"}), ("td", {})),
    ]
    assert html.endswith("</table></div>\n")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# a *b*\n\nc", "<p><strong>a <em>b</em></strong></p>\n<p>c</p>"),
        ("a\n---\nb", "<p><strong>a</strong></p>\n<p>b</p>"),
        ("> a\n\nb", "<blockquote>\n<p>a</p>\n</blockquote>\n<p>b</p>"),
        ("#\n\na", "<p></p>\n<p>a</p>"),
    ],
    ids=["heading", "underlined heading", "quote", "empty heading"],
)
def test_comment_keeps_its_paragraphs_apart(text: str, html: str) -> None:
    assert markdown.render_comment(text).strip() == html


LONGEST = {"post": Post.MAX_LENGTH, "comment": Comment.MAX_LENGTH}
EXPANDING = [
    *("[]()", "[](a)", "<a@b>", "*\n+\n", ">-\n\n", ">#\n\n", "9)\n1.\n\n"),
    *(f"{'>' * 20}\n\n", f"{'>' * 18}-\n\n", f"{'> ' * 19}a\n\nb\n\n", "[](\U0001f600)", "[](%)"),
]


@pytest.mark.slow
@pytest.mark.parametrize("part", EXPANDING)
def test_text_whose_html_would_be_too_long_is_refused(part: str) -> None:
    with pytest.raises(markdown.TooLong):
        markdown.render_post(part * (Post.MAX_LENGTH // len(part)))
    assert len(markdown.render_post(part * 100)) > len(part * 100)


@pytest.mark.parametrize("kind", KINDS)
@given(character=st.characters(exclude_categories=["Cs"]))
@example(character="&")
@example(character="\xa0")
@example(character="\U0001f600")
def test_text_without_formatting_is_never_too_long(kind: str, character: str) -> None:
    render, _allowed = KINDS[kind]

    assert render(f"a{character * (LONGEST[kind] - 2)}a")


def test_comments_have_fewer_tags_than_posts() -> None:
    assert markdown.COMMENT_TAGS < markdown.POST_TAGS
