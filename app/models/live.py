"""What the process `live` looks for, for all users who are listening: see app/live/."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import CompoundSelect, select, union

from .follow import Follow
from .hidden_user import BLOCK, HiddenUser
from .login_session import LoginSession
from .notification import Notification
from .post import Post
from .types import Rows, utcnow
from .user import User

MAX_NEW = 20  # new posts that are counted; more are one more
MAX_ROWS = 500  # of which the rest is not noticed, if so many are new at once


def posts_since(time: datetime) -> Rows:
    """Return id, author_id and timestamp of the posts since `time`, newest first."""
    posts = select(Post.id, Post.author_id, Post.timestamp).join(User, User.id == Post.author_id)
    posts = posts.where(Post.timestamp > time, *Post.visible())
    return posts.order_by(Post.timestamp.desc(), Post.id.desc()).limit(MAX_ROWS)


def notifications_since(time: datetime) -> Rows:
    """Return id, user_id and timestamp of the notifications since `time`, newest first."""
    timestamp = Notification.timestamp
    rows = select(Notification.id, Notification.user_id, timestamp).where(timestamp > time)
    return rows.order_by(timestamp.desc()).limit(MAX_ROWS)


def hidden_pairs(
    user_ids: Collection[int], author_ids: Collection[int]
) -> CompoundSelect[int, int]:
    """Return the pairs of a user and an author who is hidden from them: see `HiddenUser`.

    Moderators see those who have blocked them, but their posts are not counted.
    """
    user_id, hidden_id = HiddenUser.user_id, HiddenUser.hidden_id
    own = select(user_id, hidden_id).where(user_id.in_(user_ids), hidden_id.in_(author_ids))
    blockers = select(hidden_id, user_id).where(HiddenUser.kind == BLOCK)
    blockers = blockers.where(hidden_id.in_(user_ids), user_id.in_(author_ids))
    return union(own, blockers)


def followed_pairs(user_ids: Collection[int], author_ids: Collection[int]) -> Rows:
    """Return the pairs of a user and an author whom they follow."""
    pairs = select(Follow.follower_id, Follow.followed_id)
    return pairs.where(Follow.follower_id.in_(user_ids), Follow.followed_id.in_(author_ids))


def unread_counts(session_ids: Collection[int]) -> Rows:
    """Return the ids of the login sessions that are still valid, and the unread notifications."""
    sessions = select(LoginSession.id, Notification.unread_count().label("unread"))
    sessions = sessions.join(User, User.id == LoginSession.user_id)
    is_valid = LoginSession.is_valid(utcnow())
    return sessions.where(LoginSession.id.in_(session_ids), is_valid)
