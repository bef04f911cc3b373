"""Blog posts in Markdown, rendered to HTML when they are written."""

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Self

from sqlalchemy import ColumnElement, ForeignKey, Index, Text, select
from sqlalchemy.orm import Mapped, WriteOnlyMapped, mapped_column, relationship, validates

from .. import markdown
from ..extensions import Model, db
from .types import Rows, UTCDateTime, utcnow
from .user import User

if TYPE_CHECKING:
    from .comment import Comment


class Editable:
    """A text that records when it was changed."""

    body: Mapped[str]
    edited_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    def edit(self, body: str) -> None:
        """Replace the text, and record the time if it is another one."""
        if body != self.body:
            self.body, self.edited_at = body, utcnow()


class Post(Editable, Model):
    """A blog post. To delete one, call `deletion.delete_post()`, which sets `deleted_at`."""

    __tablename__ = "posts"
    MAX_LENGTH: ClassVar = 20_000  # characters of `body`

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    comment_count: Mapped[int] = mapped_column(default=0, server_default="0")
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))

    author: Mapped[User] = relationship(back_populates="posts")
    comments: WriteOnlyMapped["Comment"] = relationship(
        back_populates="post", passive_deletes=True
    )

    # counters.py deletes the row before the session does.
    __mapper_args__ = {"confirm_deleted_rows": False}  # noqa: RUF012 - declared by SQLAlchemy
    __table_args__ = (
        Index("ix_posts_newest", "timestamp", "id"),
        Index("ix_posts_author_newest", "author_id", "timestamp", "id"),
    )

    @validates("body")
    def _render_body(self, _key: str, body: str) -> str:
        self.body_html = markdown.render_post(body)
        return body

    @classmethod
    def visible(cls) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions that neither the post nor its (joined) author is hidden."""
        return cls.deleted_at.is_(None), User.is_shown()

    @classmethod
    def find(cls, post_id: int) -> Self | None:
        """Return the post with this id, or None."""
        post = select(cls).join(User, User.id == cls.author_id)
        return db.session.scalar(post.where(cls.id == post_id, *cls.visible()))

    @classmethod
    @cache
    def rows(cls) -> Rows:
        """Return the columns of posts and their authors that a page shows."""
        columns = cls.id, cls.body_html, cls.timestamp, cls.edited_at, cls.comment_count
        author = cls.author_id, *User.byline()
        posts = select(*columns, *author).join(User, User.id == cls.author_id)
        return posts.where(*cls.visible())

    @classmethod
    @cache
    def ids(cls) -> Rows:
        """Return id and timestamp of the posts in `rows()`."""
        return cls.rows().with_only_columns(cls.id, cls.timestamp, maintain_column_froms=True)

    @classmethod
    def rows_of(cls, user: User) -> Rows:
        """Return the columns for the export of the posts of `user`."""
        posts = select(cls.id, cls.timestamp, cls.edited_at, cls.body)
        return posts.where(cls.author_id == user.id, cls.deleted_at.is_(None))
