"""The counts that pages show, kept by those who change what is counted.

`posts.comment_count` and `users.post_count` follow every post and comment that the session adds
or deletes. Follows keep theirs in follow.py. Deleting a user takes their rows away in the
database, where the session does not see it, so that is told here.
"""

from typing import Any

from sqlalchemy import Connection, delete, event, func, select, update
from sqlalchemy.orm import Mapper

from ..extensions import db
from .comment import Comment
from .follow import Follow
from .letter import Letter
from .post import Post
from .user import User


@event.listens_for(Post, "after_insert")
def _count_post(_mapper: Mapper[Any], connection: Connection, post: Post) -> None:
    _add_posts(connection, post.author_id, +1)


@event.listens_for(Post, "before_delete")
def _uncount_post(mapper: Mapper[Any], connection: Connection, post: Post) -> None:
    if _is_gone_now(mapper, connection, post.id):
        _add_posts(connection, post.author_id, -1)


@event.listens_for(Comment, "after_insert")
def _count_comment(_mapper: Mapper[Any], connection: Connection, comment: Comment) -> None:
    _add_comments(connection, comment.post_id, +1)


@event.listens_for(Comment, "before_delete")
def _uncount_comment(mapper: Mapper[Any], connection: Connection, comment: Comment) -> None:
    if _is_gone_now(mapper, connection, comment.id):
        _add_comments(connection, comment.post_id, -1)


def _is_gone_now(mapper: Mapper[Any], connection: Connection, row_id: int) -> bool:
    """Delete the row ahead of the session; False if another request was quicker.

    The session does not tell how many rows it deleted, and the row must be counted once.
    """
    row = mapper.class_
    return connection.execute(delete(row).where(row.id == row_id)).rowcount == 1


def _add_posts(connection: Connection, user_id: int, step: int) -> None:
    mine = update(User).where(User.id == user_id)
    connection.execute(mine.values(post_count=User.post_count + step))


def _add_comments(connection: Connection, post_id: int, step: int) -> None:
    mine = update(Post).where(Post.id == post_id)
    connection.execute(mine.values(comment_count=Post.comment_count + step))


def delete_user(user: User) -> None:
    """Delete `user` with all they wrote, followed and were sent, and correct everyone's counts."""
    db.session.flush()
    # Locked first: nobody can follow or answer someone who is being deleted.
    db.session.execute(select(User.id).where(User.id == user.id).with_for_update())
    _uncount_comments_of(user)
    _uncount_follows_of(user)
    db.session.execute(delete(Letter).where(Letter.recipient == user.email))
    db.session.execute(delete(User).where(User.id == user.id))
    db.session.expire_all()


def _uncount_comments_of(user: User) -> None:
    touched = select(Comment.post_id).where(Comment.author_id == user.id)
    # Locked before they are counted: a comment that is deleted meanwhile is counted down once.
    locked = select(Post.id).where(Post.id.in_(touched)).order_by(Post.id).with_for_update()
    db.session.execute(locked)
    theirs = (
        select(func.count())
        .select_from(Comment)
        .where(Comment.post_id == Post.id, Comment.author_id == user.id)
        .scalar_subquery()
    )
    db.session.execute(
        update(Post)
        .where(Post.id.in_(touched))
        .values(comment_count=Post.comment_count - theirs)
        .execution_options(synchronize_session=False)
    )


def _uncount_follows_of(user: User) -> None:
    followed = select(Follow.followed_id).where(Follow.follower_id == user.id)
    followers = select(Follow.follower_id).where(Follow.followed_id == user.id)
    for people, column in (
        (followed, User.follower_count),
        (followers, User.following_count),
    ):
        db.session.execute(
            update(User)
            .where(User.id.in_(people), User.id != user.id)
            .values({column: column - 1})
            .execution_options(synchronize_session=False)
        )
