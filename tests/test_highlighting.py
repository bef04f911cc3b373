"""Syntax highlighting of code in Markdown."""

import re
from html import unescape

import pytest

from app.highlighting import LANGUAGES, MAX_LENGTH, highlight
from app.markdown import MAX_POST_HTML, render_comment, render_post


def test_tokens_of_code_have_classes() -> None:
    html = render_post("```python\ndef f():  # <b>\n    return 'a' + 1\n```")

    assert html == (
        '<pre tabindex="0"><code><span class="k">def</span> <span class="f">f</span>():  '
        '<span class="c"># &lt;b&gt;</span>\n    <span class="k">return</span> '
        '<span class="s">\'a\'</span> + <span class="m">1</span>\n</code></pre>\n'
    )
    assert '<span class="k">' in render_comment("```Python\ndef f(): ...\n```")


@pytest.mark.parametrize("language", ["", "text", "brainfuck", 'python"><b', "../python"])
def test_other_languages_are_only_escaped(language: str) -> None:
    html = render_post(f"```{language}\ndef f(): '<b>'\n```")

    assert html == "<pre tabindex=\"0\"><code>def f(): '&lt;b&gt;'\n</code></pre>\n"


def test_long_code_is_not_highlighted() -> None:
    assert highlight("1" * MAX_LENGTH, "python")
    assert highlight("1" * (MAX_LENGTH + 1), "python") is None


def test_highlighting_does_not_make_a_text_too_long() -> None:
    """Without it, this text fits."""
    code = "```python\n" + "1-" * 900 + "\n```\n"
    rest = "\N{NO-BREAK SPACE}" * 14_500
    assert "<span" in render_post(code * 2)

    html = render_post(f"{code * 2}\nx{rest}x")

    assert "<span" not in html
    assert html.count("1-") == 1_800
    assert 0.7 * MAX_POST_HTML < len(html) < MAX_POST_HTML


def test_only_the_first_code_of_a_text_is_highlighted() -> None:
    code = f"```python\n{'1-' * 900}\n```\n"

    blocks = render_post(code * 3).split("<pre")[1:]

    assert ["<span" in block for block in blocks] == [True, True, False]


def test_span_and_class_of_users_are_text() -> None:
    html = render_post('<span class="k">x</span>\n\n```html\n<span class="k">\n```')

    assert "&lt;span class=" in html
    assert html.count('<span class="k">') == html.count("</span>") - html.count('<span class="s">')


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_language_keeps_every_character(language: str) -> None:
    code = "\n\n a\t= '1' # <x> & \"y\"\n\n\0é{}[]()$`~\\\n\n"

    html = highlight(code, language)

    assert html is not None
    assert unescape(re.sub("</?span[^>]*>", "", html)) == code


def test_code_that_the_lexer_changes_is_not_highlighted() -> None:
    """Pygments replaces line ends of Windows."""
    assert highlight("a = 1\r\n", "python") is None
