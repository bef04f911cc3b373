"""The data: import models from here, not from the files they live in."""

from .account import waste_a_password_check
from .comment import Comment
from .counters import delete_user
from .failed_job import FailedJob
from .follow import Follow
from .letter import Letter
from .post import Post
from .role import Permission, Role
from .types import Rows, rows_changed, utcnow
from .user import AnonymousUser, User

__all__ = [
    "AnonymousUser",
    "Comment",
    "FailedJob",
    "Follow",
    "Letter",
    "Permission",
    "Post",
    "Role",
    "Rows",
    "User",
    "delete_user",
    "rows_changed",
    "utcnow",
    "waste_a_password_check",
]
