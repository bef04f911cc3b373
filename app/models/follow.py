"""Who follows whom. Everyone follows themself, so that a feed holds one's own posts."""

from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import (
    ForeignKey,
    Index,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..extensions import Model, db
from .types import Rows, UTCDateTime, rows_changed, utcnow

if TYPE_CHECKING:
    from .user import User


class Follow(Model):
    """`follower` reads what `followed` writes."""

    __tablename__ = "follows"

    follower_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    followed_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    follower: Mapped["User"] = relationship(foreign_keys=[follower_id], back_populates="followed")
    followed: Mapped["User"] = relationship(foreign_keys=[followed_id], back_populates="followers")

    __table_args__ = (
        Index("ix_follows_followed_newest", "followed_id", "timestamp", "follower_id"),
        Index("ix_follows_follower_newest", "follower_id", "timestamp", "followed_id"),
    )


class Profile(NamedTuple):
    """What a profile page shows of a user, and what binds them and the reader."""

    user: "User"
    is_following: bool
    follows_me: bool


def insert_once(table: Any) -> Any:
    """Return an INSERT into `table` that does nothing where the row is there already."""
    dialect = db.engine.dialect.name
    statement = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return statement(table).on_conflict_do_nothing()


class FollowMixin:
    """What a user can do to other users."""

    if TYPE_CHECKING:
        id: Any
        username: Any
        name: Any
        avatar_hash: Any
        follower_count: Any
        following_count: Any

    def is_following(self, user: "User") -> bool:
        """Tell whether this user follows `user`."""
        return self._follow_exists(follower=self, followed=user)

    def is_followed_by(self, user: "User") -> bool:
        """Tell whether `user` follows this user."""
        return self._follow_exists(follower=user, followed=self)

    @classmethod
    def with_ties(cls, username: str, reader_id: int | None) -> "Profile | None":
        """Return the user of this name, and who follows whom of them and the reader."""
        ties = [
            exists().where(Follow.follower_id == one, Follow.followed_id == other)
            for one, other in ((reader_id, cls.id), (cls.id, reader_id))
        ]
        named = func.lower(cls.username) == username.lower()
        row: Any = db.session.execute(select(cls, *ties).where(named)).first()
        return Profile(*row) if row is not None else None

    def follow(self, user: "User", at: datetime | None = None) -> bool:
        """Follow `user`; tell whether that is new, also when two requests ask at once."""
        db.session.flush()  # both must have an id
        row = {"follower_id": self.id, "followed_id": user.id, "timestamp": at or utcnow()}
        result = db.session.execute(insert_once(Follow).values(row))
        return self._count(result, user, +1)

    def unfollow(self, user: "User") -> bool:
        """Stop following `user`; tell whether that is new. Nobody stops following themself."""
        if user.id == self.id:
            return False
        mine = (Follow.follower_id == self.id) & (Follow.followed_id == user.id)
        return self._count(db.session.execute(delete(Follow).where(mine)), user, -1)

    @classmethod
    def add_self_follows(cls) -> int:
        """Make everyone follow themself, in one statement; return how many did not."""
        missing = select(cls.id, cls.id, literal(utcnow(), UTCDateTime)).where(
            ~exists().where(Follow.follower_id == cls.id, Follow.followed_id == cls.id)
        )
        columns = ["follower_id", "followed_id", "timestamp"]
        result = db.session.execute(insert(Follow).from_select(columns, missing))
        return rows_changed(result)

    def follower_rows(self) -> Rows:
        """Return the people who follow this user: id, username, name, avatar_hash, timestamp."""
        return self._people(Follow.follower_id).where(Follow.followed_id == self.id)

    def followed_rows(self) -> Rows:
        """Return the people whom this user follows, in the same columns."""
        return self._people(Follow.followed_id).where(Follow.follower_id == self.id)

    def _people(self, who: Any) -> Rows:
        cls = type(self)
        return (
            select(cls.id, cls.username, cls.name, cls.avatar_hash, Follow.timestamp)
            .join(Follow, who == cls.id)
            .where(cls.id != self.id)
        )

    @staticmethod
    def _follow_exists(follower: Any, followed: Any) -> bool:
        key = (follower.id, followed.id)
        return None not in key and db.session.get(Follow, key) is not None

    def _count(self, result: Any, user: "User", step: int) -> bool:
        """Keep both people's counts, in the order of ids so that two cannot deadlock."""
        if not rows_changed(result) or user.id == self.id:
            return False
        cls = type(self)
        changes = [
            (self.id, {"following_count": cls.following_count + step}),
            (user.id, {"follower_count": cls.follower_count + step}),
        ]
        for user_id, change in sorted(changes, key=itemgetter(0)):
            db.session.execute(update(cls).where(cls.id == user_id).values(change))
        return True
