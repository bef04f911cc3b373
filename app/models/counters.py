"""Denormalized counts: `posts.comment_count` and the counts of `users`.

Session events update them with each post and comment; follow.py updates those of follows.
`delete_user()` corrects them for the rows that the database deletes by cascade.
"""

from typing import Any

from sqlalchemy import Connection, delete, event, func, select, update
from sqlalchemy.orm import Mapper

from ..extensions import db
from .comment import Comment
from .follow import Follow
from .outbox_email import OutboxEmail
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


def delete_user(user: User) -> None:
    """Delete `user` with their posts, comments, follows and emails; correct all counts."""
    db.session.flush()
    # Lock the row, so that no one can follow the user or comment on their posts meanwhile.
    db.session.execute(select(User.id).where(User.id == user.id).with_for_update())
    _uncount_comments_of(user)
    _uncount_follows_of(user)
    db.session.execute(delete(OutboxEmail).where(OutboxEmail.recipient == user.email))
    db.session.execute(delete(User).where(User.id == user.id))
    db.session.expire_all()


def _uncount_comments_of(user: User) -> None:
    is_by_user = Comment.author_id == user.id
    post_ids = select(Comment.post_id).where(is_by_user)
    # Lock before counting: a comment deleted in another transaction must be subtracted once.
    locked = select(Post.id).where(Post.id.in_(post_ids)).order_by(Post.id).with_for_update()
    db.session.execute(locked)
    comments = select(func.count(Comment.id)).where(Comment.post_id == Post.id, is_by_user)
    db.session.execute(
        update(Post)
        .where(Post.id.in_(post_ids))
        .values(comment_count=Post.comment_count - comments.scalar_subquery()),
        execution_options={"synchronize_session": False},
    )


def _uncount_follows_of(user: User) -> None:
    followed = select(Follow.followed_id).where(Follow.follower_id == user.id)
    followers = select(Follow.follower_id).where(Follow.followed_id == user.id)
    for user_ids, column in ((followed, User.follower_count), (followers, User.following_count)):
        db.session.execute(
            update(User)
            .where(User.id.in_(user_ids), User.id != user.id)
            .values({column: column - 1}),
            execution_options={"synchronize_session": False},
        )
