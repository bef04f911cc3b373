"""The posts and comments on a page, as the current user sees them."""

import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

from flask import request
from flask_babel import get_locale
from flask_login import current_user
from markupsafe import Markup

from ..i18n import ago
from ..kept import keeper
from ..markdown import PROFILES
from ..models import Permission
from ..search import TAG, plain_text
from . import main

LINE_LENGTH, MAX_LINES = 60, 24  # Latin characters; more than .prose-clamped in prose.css shows
LONG = 10_000  # characters of HTML


@main.app_template_filter()
def is_long(html: str) -> bool:
    """Return True if the text of a post surely fills more lines than a list of posts shows."""
    if len(html) > LONG:
        return True
    lines = TAG.sub("", re.sub(r"(</t[dh]>)\n", r"\1", html)).splitlines()
    return sum(1 + _width(line) // LINE_LENGTH for line in lines if line.strip()) > MAX_LINES


@main.app_template_filter()
def excerpt(html: str, length: int = 60) -> str:
    """Return the beginning of the text of a post, at most `length` characters in one line."""
    text = plain_text(html[:5_000])
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


@main.app_template_filter()
def with_root(html: str) -> Markup:
    """Return the HTML of a text with its links to profiles below the path of SITE_URL."""
    link = '<a href="{}' + PROFILES
    html = html.replace(link.format(""), link.format(request.script_root))
    return Markup(html)  # noqa: S704 - `markdown` has sanitized it


@main.app_template_global()
def post_cards(posts: Iterable[Any], *, whole: bool = False) -> Markup:
    """Return the HTML of posts, rows of `Post.rows()`; long ones are clamped unless `whole`."""
    user_id = getattr(current_user, "id", None)
    edits, deletes = current_user.is_administrator(), current_user.can(Permission.MODERATE)
    kept, locale = keeper(), str(get_locale())
    return _join(
        kept(
            *("posts.card", post, ago(post.timestamp, locale), _edited(post, locale)),
            *(edits or post.author_id == user_id, deletes or post.author_id == user_id, whole),
            whole and user_id not in {None, post.author_id},
            length=len(post.body_html),
        )
        for post in posts
    )


@main.app_template_global()
def comment_cards(
    comments: Iterable[Any], *, with_post: bool = False, hidden_fields: Markup | None = None
) -> Markup:
    """Return the HTML of comments, rows of `Comment.rows()`.

    `with_post` adds links to their posts; `hidden_fields` are those of the forms of moderators.
    """
    user_id = getattr(current_user, "id", None)
    edits, deletes = current_user.is_administrator(), current_user.can(Permission.MODERATE)
    kept, locale = keeper(), str(get_locale())
    return _join(
        kept(
            *("comments.card", comment, ago(comment.timestamp, locale), _edited(comment, locale)),
            (edits or comment.author_id == user_id) and not comment.disabled,
            *(deletes or comment.author_id == user_id, with_post, hidden_fields),
            user_id not in {None, comment.author_id},
            # Not kept for moderators, whose forms have a CSRF token.
            length=len(comment.body_html) if hidden_fields is None else sys.maxsize,
        )
        for comment in comments
    )


def preview_of(form: Any, render: Callable[[str], str]) -> Markup | None:
    """Return the rendered text if “Preview” was pressed and the form, if any, is valid."""
    if form is None or not form.preview.data or not form.validate():
        return None
    return with_root(render(form.body.data))


def _edited(row: Any, locale: str) -> str | None:
    return ago(row.edited_at, locale) if row.edited_at else None


def _width(line: str) -> int:
    """Return the width of a line, in Latin characters: Chinese ones are as wide as two."""
    return sum(2 if character >= "\u2e80" else 1 for character in line)


def _join(cards: Iterable[Markup]) -> Markup:
    return Markup("".join(cards))  # noqa: S704 - each is safe
