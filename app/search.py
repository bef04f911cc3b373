"""Search of posts, comments and users as the current user sees them, for pages and the API."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

from flask_login import current_user
from markupsafe import Markup, escape

from .extensions import db
from .models import Comment, Permission, Post, Query, Rows, Slice, search
from .permissions import hides_users

TAG = re.compile("<[^>]*(?:>|$)")
EXCERPT, BEFORE = 240, 60  # characters of an excerpt, and of its part before the first match
ENDING = re.compile(r"(?<=\w{3})(?:ies|ing|ed|es|s|y|e)$", re.ASCII)


def find(model: type[Post | Comment], rows: Rows, query: str) -> Callable[[Slice], Query]:
    """Return slices of the `rows` of posts or comments that have all words of `query`."""
    return search.matches(rows, model, search.words_of(query), _hides())


def find_users(query: str, limit: int) -> list[Any]:
    """Return users whose username or display name starts with `query`: see `search.users()`."""
    prefix = query.strip().removeprefix("@")
    return list(db.session.execute(search.users(prefix, limit, _hides()))) if prefix else []


def _hides() -> tuple[int, bool] | None:
    """Return whose hidden users are left out; moderators see those who have blocked them."""
    return (current_user.id, not current_user.can(Permission.MODERATE)) if hides_users() else None


def excerpt(html: str, query: str) -> Markup:
    """Return the text around the first word of `query` in `html`, with all of them marked.

    The database knows the stems of words; here, other forms are those that begin alike.
    """
    text, words = plain_text(html), _pattern(query, r"(?<!\w)")
    if not words.search(text):  # SQLite finds words inside others, too
        words = _pattern(query, "")
    first = words.search(text)
    start = max(0, first.start() - BEFORE) if first else 0
    if start and (space := text.find(" ", start, start + BEFORE)) != -1:
        start = space + 1
    part = text[start : start + EXCERPT]
    marked, end = escape("… " if start else ""), 0
    for match in words.finditer(part):
        marked += escape(part[end : match.start()]) + Markup("<mark>{}</mark>").format(match[0])
        end = match.end()
    return marked + escape(part[end:]) + ("…" if start + EXCERPT < len(text) else "")


def plain_text(html: str) -> str:
    """Return the text of the HTML of a post or comment in one line."""
    return " ".join(unescape(TAG.sub("", html)).split())


def _pattern(query: str, before: str) -> re.Pattern[str]:
    """Return a pattern for the words of `query`; `before` is one for what is before them."""
    parts = []
    texts = search.WORD.findall(query)[: search.MAX_WORDS]
    for word in dict.fromkeys([*texts, *search.words_of(query)]):
        if re.match(f"[{search.HAN}]", word):  # a text, or pairs of its characters
            parts.append(re.escape(word))
        elif any(character.isalnum() for character in word):
            stem = re.escape(ENDING.sub("", word))
            ending = r"\w*" if len(word) > 3 else r"(?:\w?(?:s|ed|ing))?(?!\w)"
            parts.append(rf"{before}{stem}{ending}")
    return re.compile("|".join(parts) or "(?!)", re.IGNORECASE)
