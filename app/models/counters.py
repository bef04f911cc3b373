"""Denormalized counts: `posts.comment_count` and the counts of `users`.

Session events update them with each post and comment, `User.follow()` with each follow, and
deletion.py for the rows that it deletes in batches.
"""

from typing import Any

from sqlalchemy import Connection, delete, event, update
from sqlalchemy.orm import Mapper

from .comment import Comment
from .post import Post
from .user import User


@event.listens_for(Post, "after_insert")
@event.listens_for(Comment, "after_insert")
def _count(_mapper: Mapper[Any], connection: Connection, row: Post | Comment) -> None:
    _add(connection, row, +1)


@event.listens_for(Post, "before_delete")
@event.listens_for(Comment, "before_delete")
def _uncount(mapper: Mapper[Any], connection: Connection, row: Post | Comment) -> None:
    # Delete the row before the session does, which does not say whether another transaction has
    # deleted it: the row must be counted once.
    cls = mapper.class_
    if connection.execute(delete(cls).where(cls.id == row.id)).rowcount == 1:
        _add(connection, row, -1)


def _add(connection: Connection, row: Post | Comment, step: int) -> None:
    if isinstance(row, Post):
        change = update(User).where(User.id == row.author_id)
        change = change.values(post_count=User.post_count + step)
    else:
        change = update(Post).where(Post.id == row.post_id)
        change = change.values(comment_count=Post.comment_count + step)
    connection.execute(change)
