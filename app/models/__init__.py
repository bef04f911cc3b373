"""The models. Import them from this package, not from its modules."""

from . import counters  # noqa: F401 - registers the events that count
from .access_token import AccessToken, TooManyTokens
from .comment import Comment
from .email_change import EmailChange
from .feed import Query, Slice, feed_of
from .follow import Follow
from .former_username import FormerUsername, TooManyUsernames
from .idempotency import IdempotencyKey
from .job import Job
from .login_session import LoginSession
from .outbox_email import OutboxEmail
from .passkey import Passkey, TooManyPasskeys
from .post import Post
from .registration import Registration, username_is_available
from .role import Permission, Role
from .security_event import SecurityEvent
from .statements import delete_batch, delete_older, insert_or_ignore, lock_row, rows_changed
from .two_factor import Authenticator, RecoveryCode, accept_code
from .types import Rows, utcnow
from .user import AnonymousUser, User

__all__ = [
    "AccessToken",
    "AnonymousUser",
    "Authenticator",
    "Comment",
    "EmailChange",
    "Follow",
    "FormerUsername",
    "IdempotencyKey",
    "Job",
    "LoginSession",
    "OutboxEmail",
    "Passkey",
    "Permission",
    "Post",
    "Query",
    "RecoveryCode",
    "Registration",
    "Role",
    "Rows",
    "SecurityEvent",
    "Slice",
    "TooManyPasskeys",
    "TooManyTokens",
    "TooManyUsernames",
    "User",
    "accept_code",
    "delete_batch",
    "delete_older",
    "feed_of",
    "insert_or_ignore",
    "lock_row",
    "rows_changed",
    "username_is_available",
    "utcnow",
]
