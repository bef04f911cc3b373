"""Notifications: what other users did that concerns a user, such as a comment on their post.

They are written in the transaction of what they are about, by events of the session for posts and
comments, and deleted with it by foreign keys.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    ScalarSelect,
    Select,
    String,
    case,
    delete,
    event,
    exists,
    func,
    inspect,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Mapper, aliased, mapped_column

from .. import markdown
from ..extensions import Model, db
from .comment import Comment
from .hidden_user import HiddenUser
from .post import Post
from .statements import insert_or_ignore, rows_changed
from .types import Rows, UTCDateTime, utcnow
from .user import User

NotificationKind = Literal[
    "comment", "comment_mention", "post_mention", "follow", "comment_disabled"
]
EXCERPT = 1_000  # characters of HTML, from which pages take the beginning of a text


class Notification(Model):
    """Something that concerns `user_id`, at most once for each `kind` and `row_id`.

    It is unread if it is newer than `users.notifications_read_at`. `actor_id` is the user who did
    it; decisions of moderators have none, since moderators are not named.
    """

    __tablename__ = "notifications"

    TTL: ClassVar = timedelta(days=90)  # read or not
    MAX_UNREAD: ClassVar = 99  # that are counted

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow, index=True)
    kind: Mapped[str] = mapped_column(String(16))
    row_id: Mapped[int]  # of the comment, else the post, else the actor
    actor_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    post_id: Mapped[int | None] = mapped_column(
        ForeignKey("posts.id", ondelete="CASCADE"), index=True
    )
    comment_id: Mapped[int | None] = mapped_column(
        ForeignKey("comments.id", ondelete="CASCADE"), index=True
    )

    __table_args__ = (
        Index("ix_notifications_user_newest", "user_id", "timestamp", "id"),
        Index("uq_notifications_row", "user_id", "kind", "row_id", unique=True),
    )

    @staticmethod
    def may_notify(actor_id: int | None) -> ColumnElement[bool]:
        """Return the condition that a user is notified of what the actor, if any, does."""
        condition = User.confirmed & User.is_shown()
        if actor_id is None:
            return condition
        is_hidden = HiddenUser.hides(literal(actor_id), User.id)
        return condition & (User.id != actor_id) & ~is_hidden

    @staticmethod
    def is_shown(actor_id: Any, actor: Any) -> ColumnElement[bool]:
        """Return the condition that users see notifications of this (outer joined) actor."""
        return or_(actor_id.is_(None), actor.confirmed & User.is_shown(actor))

    @classmethod
    @cache
    def rows(cls) -> Rows:
        """Return the columns of notifications that a page shows, without what is hidden."""
        actor, author = aliased(User), aliased(User)
        columns = cls.id, cls.timestamp, cls.kind, cls.post_id, cls.comment_id, cls.actor_id
        text = func.substr(func.coalesce(Comment.body_html, Post.body_html), 1, EXCERPT)
        post_is_shown = Post.deleted_at.is_(None) & User.is_shown(author)
        return (
            select(*columns, *User.byline(actor), text.label("text"))
            .outerjoin(actor, actor.id == cls.actor_id)
            .outerjoin(Post, Post.id == cls.post_id)
            .outerjoin(author, author.id == Post.author_id)
            .outerjoin(Comment, Comment.id == cls.comment_id)
            .where(cls.is_shown(cls.actor_id, actor), or_(cls.post_id.is_(None), post_is_shown))
        )

    @classmethod
    def rows_of(cls, user: User) -> Rows:
        """Return the same for the notifications of `user`, without those of hidden users."""
        rows = cls.rows().where(cls.user_id == user.id)
        if not user.hides_users:
            return rows
        return rows.where(cls.actor_id.is_(None) | ~HiddenUser.hides(cls.actor_id, user.id))

    @classmethod
    def unread_count(cls) -> ScalarSelect[int]:
        """Return the number of unread notifications of a row of `users`, for a query of users.

        It looks at MAX_UNREAD + 1 of them at most.
        """
        is_unread = (cls.user_id == User.id) & (cls.timestamp > User.notifications_read_at)
        some = select(cls.actor_id).where(is_unread).limit(cls.MAX_UNREAD + 1).correlate(User)
        unread, actor = some.subquery("unread"), aliased(User)
        count = select(func.count()).select_from(unread)
        count = count.outerjoin(actor, actor.id == unread.c.actor_id)
        return count.where(cls.is_shown(unread.c.actor_id, actor)).scalar_subquery()

    @classmethod
    def users_to_email(cls, after: int, until: int) -> Select[int]:
        """Return the ids in a range of the users for whom there is a digest to send."""
        is_new = (cls.timestamp > User.notifications_read_at) & (cls.timestamp > User.digest_at)
        users = select(User.id).where(User.id > after, User.id <= until, User.may_get_digest())
        return users.where(exists().where(cls.user_id == User.id, is_new)).order_by(User.id)

    @classmethod
    def claim_digest(cls, user: User) -> dict[str, int]:
        """Return how many new notifications of each kind a digest for `user` is about.

        Each is in one digest only: the result is empty if another process has sent one today. At
        most MAX_UNREAD + 1 notifications are counted. The caller commits.
        """
        since = max(user.notifications_read_at, user.digest_at)
        claim = update(User).where(User.id == user.id, User.may_get_digest())
        if not rows_changed(db.session.execute(claim.values(digest_at=utcnow()))):
            return {}
        new = cls.rows_of(user).where(cls.timestamp > since).limit(cls.MAX_UNREAD + 1).subquery()
        counts = select(new.c.kind, func.count().label("number")).group_by(new.c.kind)
        return {row.kind: row.number for row in db.session.execute(counts)}

    @classmethod
    def add_follow(cls, user: User, followed: User, timestamp: datetime | None = None) -> None:
        """Notify `followed` that `user` follows them, the first time only. The caller commits."""
        values = {"kind": "follow", "row_id": user.id, "timestamp": timestamp or utcnow()}
        db.session.execute(_insert(User.id == followed.id, actor_id=user.id, **values))

    @staticmethod
    def mark_read(user: User, until: datetime) -> None:
        """Mark the notifications of `user` until a time as read. The caller commits."""
        user.notifications_read_at = max(user.notifications_read_at, min(until, utcnow()))


def _insert(recipients: ColumnElement[bool], actor_id: int | None, **values: Any) -> Any:
    """Return the INSERT that notifies `recipients`, unless they were or caused it themselves."""
    table: Any = Notification.__table__
    columns = {
        name: value if isinstance(value, ColumnElement) else literal(value, table.c[name].type)
        for name, value in {"actor_id": actor_id, **values}.items()
    }
    users = select(User.id, *columns.values())
    users = users.where(recipients, Notification.may_notify(actor_id))
    return insert_or_ignore(table).from_select(["user_id", *columns], users)


def _has_name(names: Iterable[str]) -> ColumnElement[bool]:
    return func.lower(User.username).in_(names)


@event.listens_for(Post, "after_insert")
def _notify_of_post(_mapper: Mapper[Any], connection: Connection, post: Post) -> None:
    if names := markdown.mentions(post.body):
        values = {"kind": "post_mention", "timestamp": post.timestamp}
        ids = {"row_id": post.id, "post_id": post.id}
        connection.execute(_insert(_has_name(names), post.author_id, **ids, **values))


@event.listens_for(Comment, "after_insert")
def _notify_of_comment(_mapper: Mapper[Any], connection: Connection, comment: Comment) -> None:
    """Notify the author of the post, and others whom the comment mentions, in one statement."""
    if comment.disabled:
        _notify_of_decision(connection, comment)
        return
    author = select(Post.author_id).where(Post.id == comment.post_id).scalar_subquery()
    is_author, names = User.id == author, markdown.mentions(comment.body)
    recipients = or_(is_author, _has_name(names)) if names else is_author
    kind = case((is_author, "comment"), else_="comment_mention")
    values: dict[str, Any] = {"kind": kind, "timestamp": comment.timestamp}
    insert = _insert(recipients, comment.author_id, **values, **_ids(comment))
    connection.execute(insert)


@event.listens_for(Comment, "after_update")
def _notify_of_change(_mapper: Mapper[Any], connection: Connection, comment: Comment) -> None:
    """Withdraw the notifications of a comment that moderators hide, or the one of a decision."""
    if not inspect(comment).attrs.disabled.history.has_changes():
        return
    is_decision = Notification.kind == "comment_disabled"
    outdated = delete(Notification).where(Notification.comment_id == comment.id)
    connection.execute(outdated.where(~is_decision if comment.disabled else is_decision))
    if comment.disabled:
        _notify_of_decision(connection, comment)


def _notify_of_decision(connection: Connection, comment: Comment) -> None:
    if comment.disabled_by_id != comment.author_id:
        values = {"kind": "comment_disabled", "timestamp": comment.disabled_at or utcnow()}
        is_author = User.id == comment.author_id
        connection.execute(_insert(is_author, actor_id=None, **values, **_ids(comment)))


def _ids(comment: Comment) -> dict[str, int]:
    return {"row_id": comment.id, "post_id": comment.post_id, "comment_id": comment.id}
