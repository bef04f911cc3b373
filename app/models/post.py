"""Posts: Markdown as written, and the HTML it means, rendered once."""

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import ForeignKey, Index, Text, select
from sqlalchemy.orm import Mapped, WriteOnlyMapped, mapped_column, relationship, validates

from .. import markup
from ..extensions import Model
from .follow import Follow
from .types import Rows, UTCDateTime, utcnow
from .user import User

if TYPE_CHECKING:
    from .comment import Comment


class Post(Model):
    """Something a user wrote."""

    __tablename__ = "posts"
    MAX_LENGTH: ClassVar = 20_000  # characters of `body`

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    comment_count: Mapped[int] = mapped_column(default=0, server_default="0")
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))

    author: Mapped[User] = relationship(back_populates="posts")
    comments: WriteOnlyMapped["Comment"] = relationship(
        back_populates="post", passive_deletes=True
    )

    # counters.py deletes the row first.
    __mapper_args__ = {"confirm_deleted_rows": False}  # noqa: RUF012 - declared by SQLAlchemy
    __table_args__ = (
        Index("ix_posts_newest", "timestamp", "id"),
        Index("ix_posts_author_newest", "author_id", "timestamp", "id"),
    )

    def __repr__(self) -> str:
        return f"<Post {self.id}>"

    @validates("body")
    def _render_body(self, _key: str, body: str) -> str:
        self.body_html = markup.render_post(body)
        return body

    @classmethod
    def rows(cls) -> Rows:
        """Return what a page shows of posts, with their authors, as plain columns."""
        return select(
            cls.id,
            cls.body_html,
            cls.timestamp,
            cls.comment_count,
            cls.author_id,
            User.username,
            User.name,
            User.avatar_hash,
        ).join(User, User.id == cls.author_id)

    @classmethod
    def rows_followed_by(cls, user: User) -> Rows:
        """Return `rows()` of the posts that `user`'s feed shows."""
        mine = (Follow.followed_id == cls.author_id) & (Follow.follower_id == user.id)
        return cls.rows().join(Follow, mine)
