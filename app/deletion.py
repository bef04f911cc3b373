"""Delete accounts and their content. They disappear at once; jobs delete their rows in batches.

An account can have any number of rows. To delete them in one transaction would lock all these rows
for minutes. Each batch is a transaction that also corrects counts, so a job that is interrupted
continues where it stopped.
"""

from collections import Counter  # demo-only
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import delete, select, update

from . import jobs, uploads
from .extensions import db
from .models import (
    AccessToken,
    Comment,  # demo-only
    EmailChange,
    Follow,  # demo-only
    FormerUsername,
    HiddenUser,  # demo-only
    IdempotencyKey,
    Identity,
    LoginSession,
    Notification,  # demo-only
    OutboxEmail,
    Post,  # demo-only
    Report,
    SecurityEvent,
    User,
    delete_batch,
    lock_row,
    rows_changed,
    utcnow,  # demo-only
)

BATCH = 1000  # rows
ATTEMPTS = 20  # of a job: for days


# demo-only: begin
def delete_post(post: Post) -> None:
    """Hide `post` and its comments; they are deleted after the commit."""
    row = update(Post).where(Post.id == post.id, Post.deleted_at.is_(None))
    if rows_changed(db.session.execute(row.values(deleted_at=utcnow()))):
        _subtract(User.post_count, [post.author_id])
        jobs.enqueue(delete_rows_of_post, post.id, unique=True)


# demo-only: end


def delete_user(user: User) -> None:
    """Hide `user` and their content, and erase the account; rows are deleted after the commit."""
    db.session.flush()
    db.session.execute(delete(OutboxEmail).where(OutboxEmail.recipient == user.email))
    EmailChange.delete_all(user)  # they could restore the email address
    FormerUsername.delete_all(user)
    Identity.remove(user)
    if user.erase():
        jobs.enqueue(delete_rows_of_user, user.id, unique=True)
    db.session.expire_all()


def replace_avatar(user: User, key: str | None) -> bool:
    """Set or remove the avatar of `user`; return True if there was one.

    Its file is deleted after the commit.
    """
    if not lock_row(user):
        return False
    old_key, user.avatar_key = user.avatar_key, key
    if old_key is not None:
        jobs.enqueue(delete_upload, old_key)
    return old_key is not None


@jobs.job(priority=jobs.LOW, max_attempts=ATTEMPTS)
def delete_upload(key: str) -> None:
    """Delete a file; without UPLOAD_STORAGE, it is left where it was."""
    if uploads.is_enabled():
        uploads.delete(key)


# demo-only: begin
@jobs.job(priority=jobs.LOW, max_attempts=ATTEMPTS)
def delete_rows_of_post(post_id: int) -> None:
    """Delete a hidden post and its comments."""
    if not _is_hidden(Post, post_id):
        return
    while delete_batch(Comment, Comment.post_id == post_id, BATCH):
        db.session.commit()
    db.session.execute(delete(Post).where(Post.id == post_id))


# demo-only: end


@jobs.job(priority=jobs.LOW, max_attempts=ATTEMPTS)
def delete_rows_of_user(user_id: int) -> None:
    """Delete a hidden user and everything that refers to them."""
    if not _is_hidden(User, user_id):
        return
    while _delete_some_rows_of(user_id):
        db.session.commit()
    # Lock the user, so that no request adds rows between the last batch and the deletion.
    user = select(User.avatar_key).where(User.id == user_id).with_for_update()
    if avatar_key := db.session.scalar(user):
        jobs.enqueue(delete_upload, avatar_key)
    while _delete_some_rows_of(user_id):
        pass
    db.session.execute(delete(User).where(User.id == user_id))


def _is_hidden(table: Any, row_id: int) -> bool:
    row = select(table.id).where(table.id == row_id, table.deleted_at.is_not(None))
    return db.session.scalar(row) is not None


def _delete_some_rows_of(user_id: int) -> bool:
    """Delete a batch of the rows that refer to a user; return False if there are none."""
    steps: Iterable[Callable[[int], int]] = (
        # demo-only: begin
        *(_delete_posts, _delete_comments),  # first: they could leave gaps in lists
        *(_delete_followed, _delete_followers, _delete_hidden, _forget_moderator),
        _delete_notifications,
        # demo-only: end
        *(_forget_events, _forget_reports, _delete_credentials),
    )
    return any(delete_some(user_id) for delete_some in steps)


# demo-only: begin
def _delete_posts(user_id: int) -> int:
    newest = select(Post.id).where(Post.author_id == user_id).order_by(Post.timestamp.desc())
    post_ids = db.session.scalars(newest.limit(BATCH)).all()
    if not post_ids:
        return 0
    comments = delete_batch(Comment, Comment.post_id.in_(post_ids), BATCH)
    return comments or delete_batch(Post, Post.id.in_(post_ids), BATCH)


def _delete_comments(user_id: int) -> int:
    batch = select(Comment.id).where(Comment.author_id == user_id).limit(BATCH)
    deleted = delete(Comment).where(Comment.id.in_(batch)).returning(Comment.post_id)
    return _subtract(Post.comment_count, _execute(deleted).scalars())


def _delete_followed(user_id: int) -> int:
    return _delete_follows(Follow.follower_id, Follow.followed_id, User.follower_count, user_id)


def _delete_followers(user_id: int) -> int:
    return _delete_follows(Follow.followed_id, Follow.follower_id, User.following_count, user_id)


def _delete_follows(column: Any, other: Any, count: Any, user_id: int) -> int:
    """Delete follows of which `column` is the user; subtract one from `count` of each `other`."""
    batch = select(other).where(column == user_id).limit(BATCH)
    deleted = delete(Follow).where(column == user_id, other.in_(batch)).returning(other)
    return _subtract(count, _execute(deleted).scalars())


def _delete_hidden(user_id: int) -> int:
    columns = HiddenUser.user_id, HiddenUser.hidden_id
    return sum(delete_batch(HiddenUser, column == user_id, BATCH) for column in columns)


def _forget_moderator(user_id: int) -> int:
    batch = select(Comment.id).where(Comment.disabled_by_id == user_id).limit(BATCH)
    comments = update(Comment).where(Comment.id.in_(batch)).values(disabled_by_id=None)
    return rows_changed(_execute(comments))


def _delete_notifications(user_id: int) -> int:
    columns = (Notification.user_id, Notification.actor_id)
    return sum(delete_batch(Notification, column == user_id, BATCH) for column in columns)


# demo-only: end


def _forget_events(user_id: int) -> int:
    return SecurityEvent.forget_user(user_id, BATCH)


def _forget_reports(user_id: int) -> int:
    return Report.forget_user(user_id, BATCH)


def _delete_credentials(user_id: int) -> int:
    tables: Any = (AccessToken, EmailChange, FormerUsername, IdempotencyKey, LoginSession)
    return sum(delete_batch(table, table.user_id == user_id, BATCH) for table in tables)


# demo-only: begin
def _subtract(count: Any, row_ids: Iterable[int]) -> int:
    """Subtract one from the column `count` of each of `row_ids`; return how many these are."""
    table, steps = count.class_, Counter(row_ids)
    if not steps:
        return 0
    # Locked in order: avoids deadlocks with `User.follow()` and with other jobs.
    rows = select(table.id).where(table.id.in_(steps)).order_by(table.id)
    db.session.execute(rows.with_for_update())
    for step in set(steps.values()):
        row = table.id.in_([row_id for row_id, number in steps.items() if number == step])
        _execute(update(table).where(row).values({count: count - step}))
    return steps.total()


def _execute(statement: Any) -> Any:
    return db.session.execute(statement, execution_options={"synchronize_session": False})


# demo-only: end
