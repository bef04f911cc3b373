"""The feed of a user: the posts of the users whom they follow, newest first.

On PostgreSQL, the cost of a page depends neither on the number of posts nor on when the followed
users have written. Joining posts and follows would read all posts of the site if these users have
written few of them.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Integer, bindparam, exists, select, true, union_all

from ..extensions import db
from .follow import Follow
from .hidden_user import HiddenUser
from .post import Post
from .types import Query, Rows, Slice
from .user import User

RECENT = 300  # posts of the site, among which most feeds have the posts of a page


def feed_of(user_id: int, rows: Rows, hides: bool = False) -> Callable[[Slice], Query]:
    """Return a function that returns a slice of a user's feed.

    `rows` is a query for posts, the same object for each request: the statement is kept with it,
    since building it takes a third of the time of a page. `hides` leaves out muted users; there
    are no follows between users who have blocked each other.
    """

    build = _fast_feed if db.engine.dialect.name == "postgresql" else _simple_feed
    return lambda page: page.query(partial(build, rows, hides), {"user_id": user_id})


@lru_cache
def _simple_feed(rows: Rows, hides: bool, after: bool, before: bool, limit: int) -> Rows:
    """Return the feed for SQLite, which has no LATERAL."""
    return Slice.with_parameters(after, before, limit).of(
        rows.where(Post.author_id.in_(_follows(hides)))
    )


@lru_cache
def _fast_feed(rows: Rows, hides: bool, after: bool, before: bool, limit: int) -> Rows:
    """Return the feed for PostgreSQL."""
    page, follows = Slice.with_parameters(after, before, limit), _follows(hides)
    # Most feeds have a page of posts among the latest of the site.
    latest = page.of(select(Post.id, Post.timestamp, Post.author_id), RECENT).subquery()
    is_followed = exists(follows.where(Follow.followed_id == latest.c.author_id))
    recent = page.of(select(latest.c.id, latest.c.timestamp).where(is_followed)).cte("recent")
    is_full = exists(select(recent.c.id).offset(limit - 1))
    # Otherwise, take a page of each followed user. PostgreSQL does so only if `~is_full`.
    followed = follows.subquery()
    of_author = select(Post.id, Post.timestamp).where(Post.author_id == followed.c.followed_id)
    each = page.of(of_author).lateral()
    rest = page.of(
        select(each.c.id, each.c.timestamp).join_from(followed, each, true()).where(~is_full)
    )
    ids = union_all(select(recent.c.id).where(is_full), select(rest.subquery().c.id)).subquery()
    return page.of(rows.join(ids, ids.c.id == Post.id))


def _follows(hides: bool) -> Any:
    user_id = bindparam("user_id", type_=Integer)
    # Otherwise, hidden posts could take the place of all others on a page.
    suspended = select(User.id).where(User.suspended_at.is_not(None))
    follows = select(Follow.followed_id).where(Follow.follower_id == user_id)
    follows = follows.where(Follow.followed_id.not_in(suspended))
    return follows.where(~HiddenUser.mutes(Follow.followed_id, user_id)) if hides else follows
