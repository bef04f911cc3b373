"""The posts and comments on a page, as the current user sees them."""

import sys
from collections.abc import Iterable
from typing import Any

from flask_login import current_user
from markupsafe import Markup

from ..i18n import ago
from ..kept import keeper
from ..models import Permission
from . import main


@main.app_template_global()
def post_cards(posts: Iterable[Any]) -> Markup:
    """Return the HTML of posts, rows of `Post.rows()`."""
    user_id = getattr(current_user, "id", None)
    edits, deletes = current_user.is_administrator(), current_user.can(Permission.MODERATE)
    kept = keeper()
    return _join(
        kept(
            *("posts.card", post, ago(post.timestamp)),
            *(edits or post.author_id == user_id, deletes or post.author_id == user_id),
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
    kept = keeper()
    return _join(
        kept(
            *("comments.card", comment, ago(comment.timestamp)),
            *(comment.author_id == user_id, with_post, hidden_fields),
            # Not kept for moderators, whose forms have a CSRF token.
            length=len(comment.body_html) if hidden_fields is None else sys.maxsize,
        )
        for comment in comments
    )


def _join(cards: Iterable[Markup]) -> Markup:
    return Markup("".join(cards))  # noqa: S704 - each is safe
