"""The models. Import them from this package, not from its modules."""

from . import counters  # noqa: F401 - registers the events that count; demo-only
from .access_token import AccessToken, TooManyTokens
from .comment import Comment  # demo-only
from .email_change import EmailChange
from .feed import feed_of  # demo-only
from .follow import Follow  # demo-only
from .idempotency import IdempotencyKey
from .job import Job
from .login_session import LoginSession
from .outbox_email import OutboxEmail
from .post import Post  # demo-only
from .registration import Registration, username_is_available
from .role import Permission, Role
from .statements import delete_batch, delete_older, insert_or_ignore, lock_row, rows_changed
from .types import Query, Rows, Slice, utcnow
from .user import AnonymousUser, User

__all__ = [
    "AccessToken",
    "AnonymousUser",
    "Comment",  # demo-only
    "EmailChange",
    "Follow",  # demo-only
    "IdempotencyKey",
    "Job",
    "LoginSession",
    "OutboxEmail",
    "Permission",
    "Post",  # demo-only
    "Query",
    "Registration",
    "Role",
    "Rows",
    "Slice",
    "TooManyTokens",
    "User",
    "delete_batch",
    "delete_older",
    "feed_of",  # demo-only
    "insert_or_ignore",
    "lock_row",
    "rows_changed",
    "username_is_available",
    "utcnow",
]
