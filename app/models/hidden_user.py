"""Users whom other users have blocked or muted, and whose posts and comments are hidden.

A mute hides what the muted user writes from the other. A block does so in both directions, ends
the follows between them, and prevents new ones and comments.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    delete,
    exists,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..extensions import Model, db
from .statements import count_up_to, rows_changed
from .types import Query, Rows, Slice, UTCDateTime, utcnow

if TYPE_CHECKING:
    from .user import User

BLOCK, MUTE = "block", "mute"
WINDOW = 1_000  # rows


class Blocked(Exception):
    """One of two users has blocked the other."""


class TooManyHiddenUsers(Exception):
    """The user has blocked or muted as many users as one may."""


class HiddenUser(Model):
    """`hidden`, whom `user` has blocked or muted. A block replaces a mute, and includes it."""

    __tablename__ = "hidden_users"
    MAX: ClassVar = 1_000  # of a user: each list of posts or comments reads them

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    hidden_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    hidden: Mapped["User"] = relationship(foreign_keys=[hidden_id])

    __table_args__ = (
        Index("uq_hidden_users_user_hidden", "user_id", "hidden_id", unique=True),
        Index("ix_hidden_users_user_newest", "user_id", "timestamp", "hidden_id"),
    )

    @classmethod
    def block(cls, user: "User", other: "User") -> bool:
        """Block `other`, and end the follows of both; return False if `user` already had.

        Raise TooManyHiddenUsers. The caller commits.
        """
        cls._lock(user.id, other.id)
        row = cls.find(user, other)
        if row is None:
            cls._add(user, other, BLOCK)
        elif row.kind == BLOCK:
            return False
        else:
            row.kind, row.timestamp = BLOCK, utcnow()
        user.unfollow(other)
        other.unfollow(user)
        return True

    @classmethod
    def mute(cls, user: "User", other: "User") -> bool:
        """Mute `other`; return False if `user` has muted or blocked them already.

        Raise TooManyHiddenUsers. The caller commits.
        """
        cls._lock(user.id)
        if cls.find(user, other) is not None:
            return False
        cls._add(user, other, MUTE)
        return True

    @classmethod
    def remove(cls, user: "User", other: "User", kind: str) -> bool:
        """Unblock or unmute `other`; return False if `user` had not. The caller commits."""
        rows = delete(cls).where(cls.user_id == user.id, cls.hidden_id == other.id)
        return rows_changed(db.session.execute(rows.where(cls.kind == kind))) == 1

    @classmethod
    def find(cls, user: "User", other: "User") -> Self | None:
        """Return the row of `other` for `user`, or None."""
        row = select(cls).where(cls.user_id == user.id, cls.hidden_id == other.id)
        return db.session.scalar(row)

    @classmethod
    def is_block_between(cls, user_id: int, other_id: int) -> bool:
        """Return True if one of the users has blocked the other."""
        both = or_(
            (cls.user_id == user_id) & (cls.hidden_id == other_id),
            (cls.user_id == other_id) & (cls.hidden_id == user_id),
        )
        return db.session.scalar(select(cls.id).where(both, cls.kind == BLOCK)) is not None

    @classmethod
    def require_no_block(cls, user_id: int, other_id: int) -> None:
        """Raise Blocked if one of the users has blocked the other."""
        if cls.is_block_between(user_id, other_id):
            raise Blocked

    @classmethod
    def hides(cls, author_id: Any, user_id: Any, blockers: bool = True) -> ColumnElement[bool]:
        """Return the condition that the user `author_id`, a column, is hidden from `user_id`.

        `blockers` includes those who have blocked `user_id`.
        """
        # Neither is a join for PostgreSQL, which would estimate how many rows are left, and might
        # then sort all rows instead of reading the newest ones by an index.
        own = cls.mutes(author_id, user_id)
        return or_(own, cls._is_blocker(author_id, user_id)) if blockers else own

    @classmethod
    def mutes(cls, author_id: Any, user_id: Any) -> ColumnElement[bool]:
        """Return the condition that `user_id` has muted or blocked the user `author_id`."""
        hidden = select(cls.hidden_id).where(cls.user_id == user_id)
        condition: ColumnElement[bool] = author_id.in_(hidden)
        return condition

    @classmethod
    def leave_out(
        cls, rows: Rows, table: Any, user_id: int, blockers: bool = True
    ) -> Callable[[Slice], Query]:
        """Return a function that returns a slice of `rows`, without authors hidden from a user.

        A slice looks at the next WINDOW rows only: it ends there, in the unlikely case that almost
        all of them are hidden, so that its cost is bounded.
        """

        def shown(page: Slice) -> Query:
            columns = table.id, table.timestamp, table.author_id
            window = page.of(rows.with_only_columns(*columns), WINDOW).subquery()
            is_hidden = cls.hides(window.c.author_id, user_id, blockers)
            ids = page.of(select(window.c.id, window.c.timestamp).where(~is_hidden)).subquery()
            return page.of(rows.join(ids, ids.c.id == table.id)), {}

        return shown

    @classmethod
    def of_profile(cls, owner_id: Any, user_id: Any) -> tuple[ColumnElement[Any], ...]:
        """Return two columns: how `owner_id` is hidden from `user_id`; whether they blocked them.

        The first is the kind of the row, or None.
        """
        own = select(cls.kind).where(cls.user_id == user_id, cls.hidden_id == owner_id)
        return own.scalar_subquery(), cls._is_blocker(owner_id, user_id)

    @classmethod
    def _is_blocker(cls, blocker_id: Any, user_id: Any) -> ColumnElement[bool]:
        is_row = (cls.user_id == blocker_id) & (cls.hidden_id == user_id) & (cls.kind == BLOCK)
        return exists().where(is_row)

    @classmethod
    def rows(cls, user: "User", kind: str | None = None) -> Rows:
        """Return id, timestamp, kind and byline of whom `user` has hidden."""
        users = cls._users()
        # Not the id of the user: PostgreSQL finds a page by an index if its key is in one table.
        columns = cls.hidden_id.label("id"), cls.timestamp, cls.kind
        rows = select(*columns, *users.byline())
        rows = rows.join(users, users.id == cls.hidden_id).where(cls.user_id == user.id)
        rows = rows.where(users.is_shown())
        return rows if kind is None else rows.where(cls.kind == kind)

    @classmethod
    def _add(cls, user: "User", other: "User", kind: str) -> None:
        own = select(cls.id).where(cls.user_id == user.id)
        if (db.session.scalar(select(count_up_to(own, cls.MAX))) or 0) >= cls.MAX:
            raise TooManyHiddenUsers
        db.session.add(cls(user_id=user.id, hidden_id=other.id, kind=kind))

    @classmethod
    def _lock(cls, *user_ids: int) -> None:
        """Let the lists of these users look for hidden users, which also locks the users.

        A follow locks them too, and looks for a block afterwards: see `User.follow()`.
        """
        users = cls._users()
        for user_id in sorted(user_ids):  # in order: avoids deadlocks
            row = update(users).where(users.id == user_id)
            db.session.execute(row.values(hides_users=True))

    @classmethod
    def _users(cls) -> Any:
        # Through the relationship: user.py imports this module.
        return cls.hidden.property.mapper.class_
