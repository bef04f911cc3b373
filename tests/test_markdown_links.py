"""Usernames and URLs in a text are links; usernames are listed for notifications."""

import pytest

from app import markdown


def test_mentions_are_links_to_profiles_outside_links_and_code() -> None:
    def link(name: str) -> str:
        return f'<a href="/user/{name}" rel="nofollow ugc noopener">@{name}</a>'

    text = r"@ann, **@B.ob.** `@code` [a @link](http://x.example) \@escaped me@x.io 问@zhihe吧"

    assert markdown.render_post(text) == (
        f"<p>{link('ann')}, <strong>{link('B.ob')}.</strong> <code>@code</code> "
        '<a href="http://x.example" rel="nofollow ugc noopener">a @link</a> '
        f"@escaped me@x.io 问{link('zhihe')}吧</p>\n"
    )
    assert markdown.mentions(text) == ["ann", "b.ob", "zhihe"]
    assert markdown.mentions("Nobody") == []


def test_only_the_first_mentions_are_links() -> None:
    names = [f"user{number}" for number in range(markdown.MAX_MENTIONS + 1)]
    text = " ".join(f"@{name}" for name in [*names, "USER0"])

    assert markdown.mentions(text) == names[:-1]
    assert markdown.render_comment(text).count("<a ") == markdown.MAX_MENTIONS + 1
    assert markdown.mentions("@" + "x" * 65) == []  # longer than any username


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("See https://a.org/b_c*d?x=1&y=@e#f.", ["https://a.org/b_c*d?x=1&amp;y=@e#f"]),
        ("(http://a.org/w_(x)), **https://b.org!**", ["http://a.org/w_(x)", "https://b.org"]),
        ("看https://a.org。好 HTTP://B.org", ["https://a.org", "HTTP://B.org"]),
        ("`https://a.org` [b](https://b.org) <https://c.org>", ["https://b.org", "https://c.org"]),
        ("https:// http://. xhttp://a.org javascript://a ftp://a.org \\https", []),
        ("http://" + ")" * 19_000, []),
    ],
)
def test_urls_are_links_without_the_punctuation_around_them(text: str, urls: list[str]) -> None:
    html = markdown.render_post(text)

    assert html.count("<a ") == len(urls)
    for url in urls:
        assert f'<a href="{url}" rel="nofollow ugc noopener">' in html
    assert markdown.mentions(text) == []
