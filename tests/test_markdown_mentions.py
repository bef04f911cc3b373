"""Usernames in a text are links to profiles, and listed for notifications."""

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
