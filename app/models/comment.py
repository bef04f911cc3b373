"""Comments on posts, and their moderation."""

from datetime import datetime
from functools import cache
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, Text, select
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship, validates

from .. import markdown
from ..extensions import Model
from .post import Editable, Post
from .types import Rows, UTCDateTime, utcnow
from .user import User


class Comment(Editable, Model):
    """A comment on a post. Moderators can suspend it, which hides its text."""

    __tablename__ = "comments"
    MAX_LENGTH: ClassVar = 5_000  # characters of `body`

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    disabled: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    disabled_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))

    author: Mapped[User] = relationship(back_populates="comments", foreign_keys=[author_id])
    disabled_by: Mapped[User | None] = relationship(foreign_keys=[disabled_by_id])
    post: Mapped[Post] = relationship(back_populates="comments")

    # counters.py deletes the row before the session does.
    __mapper_args__ = {"confirm_deleted_rows": False}  # noqa: RUF012 - declared by SQLAlchemy
    __table_args__ = (
        Index("ix_comments_newest", "timestamp", "id"),
        Index("ix_comments_author_newest", "author_id", "timestamp", "id"),
        Index("ix_comments_post_newest", "post_id", "timestamp", "id"),
    )

    @validates("body")
    def _render_body(self, _key: str, body: str) -> str:
        self.body_html = markdown.render_comment(body)
        return body

    @classmethod
    @cache
    def rows(cls) -> Rows:
        """Return the columns of comments and their authors that a page shows."""
        moderator = aliased(User)
        columns = (
            cls.id,
            cls.body_html,
            cls.timestamp,
            cls.edited_at,
            cls.disabled,
            cls.disabled_at,
        )
        author = cls.post_id, cls.author_id, *User.byline()
        is_moderator = (moderator.id == cls.disabled_by_id) & moderator.deleted_at.is_(None)
        return (
            select(*columns, moderator.username.label("disabled_by_username"), *author)
            .join(User, (User.id == cls.author_id) & User.is_shown())
            .outerjoin(moderator, is_moderator)
        )

    @classmethod
    @cache
    def rows_of_all_posts(cls) -> Rows:
        """Return the same for comments on all posts that are not hidden."""
        author = aliased(User)
        return (
            cls.rows()
            .join(Post, (Post.id == cls.post_id) & Post.deleted_at.is_(None))
            .join(author, (author.id == Post.author_id) & User.is_shown(author))
        )

    @classmethod
    def rows_of(cls, user: User) -> Rows:
        """Return the columns for the export of the comments of `user`, hidden ones included."""
        columns = cls.id, cls.post_id, cls.timestamp, cls.edited_at, cls.disabled, cls.body
        return select(*columns).where(cls.author_id == user.id)

    def suspend(self, by: User) -> None:
        """Hide the text; record the moderator and the time."""
        self.disabled, self.disabled_by, self.disabled_at = True, by, utcnow()

    def restore(self) -> None:
        """Show the text again."""
        self.disabled, self.disabled_by, self.disabled_at = False, None, None
