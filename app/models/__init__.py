"""The data: import models from here, not from the files they live in."""

from .access_token import AccessToken, Grant
from .account import waste_a_password_check
from .comment import Comment
from .counters import delete_user
from .failed_job import FailedJob
from .follow import Follow
from .idempotency import IdempotencyKey
from .letter import Letter
from .locking import hold
from .post import Post
from .role import Permission, Role
from .types import Rows, rows_changed, utcnow
from .user import AnonymousUser, User

__all__ = [
    "AccessToken",
    "AnonymousUser",
    "Comment",
    "FailedJob",
    "Follow",
    "Grant",
    "IdempotencyKey",
    "Letter",
    "Permission",
    "Post",
    "Role",
    "Rows",
    "User",
    "delete_user",
    "hold",
    "rows_changed",
    "utcnow",
    "waste_a_password_check",
]
