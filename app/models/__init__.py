"""The models. Import them from this package, not from its modules."""

from .access_token import AccessToken, TooManyTokens
from .comment import Comment
from .counters import delete_user
from .feed import Slice, feed_of
from .follow import Follow
from .idempotency import IdempotencyKey
from .job import Job
from .outbox_email import OutboxEmail
from .post import Post
from .role import Permission, Role
from .statements import insert_or_ignore, lock_row, rows_changed
from .types import Rows, utcnow
from .user import AnonymousUser, User

__all__ = [
    "AccessToken",
    "AnonymousUser",
    "Comment",
    "Follow",
    "IdempotencyKey",
    "Job",
    "OutboxEmail",
    "Permission",
    "Post",
    "Role",
    "Rows",
    "Slice",
    "TooManyTokens",
    "User",
    "delete_user",
    "feed_of",
    "insert_or_ignore",
    "lock_row",
    "rows_changed",
    "utcnow",
]
