"""The feed of a user: the posts of the users whom they follow, newest first.

On PostgreSQL, the cost of a page depends neither on the number of posts nor on when the followed
users have written. Joining posts and follows would read all posts of the site if these users have
written few of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select, true, tuple_, union_all

from ..extensions import db
from .follow import Follow
from .post import Post
from .types import Rows

RECENT = 300  # posts of the site, among which most feeds have the posts of a page


@dataclass(frozen=True)
class Slice:
    """The rows of a page: `limit` after or before a timestamp and id, or else the newest."""

    after: tuple[datetime, int] | None
    before: tuple[datetime, int] | None
    limit: int

    def of(self, rows: Rows, limit: int | None = None) -> Rows:
        """Return the slice of `rows`, which have the columns `timestamp` and `id`."""
        timestamp, row_id = rows.selected_columns["timestamp"], rows.selected_columns["id"]
        key = tuple_(timestamp, row_id)
        if self.after:
            rows = rows.where(key > self.after).order_by(timestamp.asc(), row_id.asc())
        else:
            rows = rows.where(key < self.before) if self.before else rows
            rows = rows.order_by(timestamp.desc(), row_id.desc())
        return rows.limit(limit or self.limit)


def feed_of(user_id: int, rows: Rows) -> Callable[[Slice], Rows]:
    """Return a function that returns a slice of a user's feed; `rows` is a query for posts."""
    is_fast = db.engine.dialect.name == "postgresql"
    follows = select(Follow.followed_id).where(Follow.follower_id == user_id)

    def feed(page: Slice) -> Rows:
        if not is_fast:  # SQLite has no LATERAL
            return page.of(rows.where(Post.author_id.in_(follows)))
        # Most feeds have a page of posts among the latest of the site.
        latest = page.of(select(Post.id, Post.timestamp, Post.author_id), RECENT).subquery()
        is_followed = exists(follows.where(Follow.followed_id == latest.c.author_id))
        recent = page.of(select(latest.c.id, latest.c.timestamp).where(is_followed)).cte("recent")
        is_full = exists(select(recent.c.id).offset(page.limit - 1))
        # Otherwise, take a page of each followed user. PostgreSQL does so only if `~is_full`.
        followed = follows.subquery()
        of_author = select(Post.id, Post.timestamp).where(Post.author_id == followed.c.followed_id)
        each = page.of(of_author).lateral()
        rest = page.of(
            select(each.c.id, each.c.timestamp).join_from(followed, each, true()).where(~is_full)
        )
        ids = union_all(
            select(recent.c.id).where(is_full), select(rest.subquery().c.id)
        ).subquery()
        return page.of(rows.join(ids, ids.c.id == Post.id))

    return feed
