"""The audit log of moderation: what users do to the content of others."""

from flask_login import current_user

from .extensions import db
from .models import SecurityEvent, User


def record_moderation(name: str, author_id: int, row_id: int) -> None:
    """Record an action on content by the current user, unless it is their own.

    `name` is one of `SecurityEvent.MODERATION`, `row_id` the id of the post or comment.
    """
    if author_id != current_user.id:
        author = db.session.get_one(User, author_id)
        SecurityEvent.record_action(current_user, name, author, f"#{row_id}")
