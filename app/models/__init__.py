"""The models. Import them from this package, not from its modules."""

from . import (
    counters,  # noqa: F401 - registers the events that count; demo-only
    search,  # demo-only
    user_list,
)
from .access_token import AccessToken, TooManyTokens
from .comment import Comment  # demo-only
from .email_change import EmailChange
from .feed import feed_of  # demo-only
from .follow import Follow  # demo-only
from .former_username import FormerUsername, TooManyUsernames
from .hidden_user import Blocked, HiddenUser, TooManyHiddenUsers  # demo-only
from .idempotency import IdempotencyKey
from .identity import Identity
from .job import Job
from .login_session import LoginSession
from .notification import Notification  # demo-only
from .notification_settings import read_unsubscribe_token  # demo-only
from .outbox_email import OutboxEmail
from .passkey import Passkey, TooManyPasskeys
from .post import Post  # demo-only
from .profile import Profile
from .registration import Registration, username_is_available
from .report import AlreadyReviewed, Report, ReportedItem, Target, TooManyReports
from .role import Permission, Role
from .security_event import SecurityEvent
from .statements import (
    count_up_to,
    delete_batch,
    delete_older,
    insert_or_ignore,
    lock_row,
    rows_changed,
)
from .two_factor import Authenticator, RecoveryCode, accept_code
from .types import Query, Rows, Slice, slices, utcnow
from .user import AnonymousUser, User

__all__ = [
    "AccessToken",
    "AlreadyReviewed",
    "AnonymousUser",
    "Authenticator",
    "Blocked",  # demo-only
    "Comment",  # demo-only
    "EmailChange",
    "Follow",  # demo-only
    "FormerUsername",
    "HiddenUser",  # demo-only
    "IdempotencyKey",
    "Identity",
    "Job",
    "LoginSession",
    "Notification",  # demo-only
    "OutboxEmail",
    "Passkey",
    "Permission",
    "Post",  # demo-only
    "Profile",
    "Query",
    "RecoveryCode",
    "Registration",
    "Report",
    "ReportedItem",
    "Role",
    "Rows",
    "SecurityEvent",
    "Slice",
    "Target",
    "TooManyHiddenUsers",  # demo-only
    "TooManyPasskeys",
    "TooManyReports",
    "TooManyTokens",
    "TooManyUsernames",
    "User",
    "accept_code",
    "count_up_to",
    "delete_batch",
    "delete_older",
    "feed_of",  # demo-only
    "insert_or_ignore",
    "lock_row",
    "read_unsubscribe_token",  # demo-only
    "rows_changed",
    "search",  # demo-only
    "slices",
    "user_list",
    "username_is_available",
    "utcnow",
]
