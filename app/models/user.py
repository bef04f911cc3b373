"""Users: role, username and profile. For passwords and tokens, see account.py."""

from datetime import datetime, timedelta
from operator import itemgetter  # demo-only
from typing import TYPE_CHECKING, Any

from flask import current_app
from flask_login import AnonymousUserMixin
from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    false,  # demo-only
    func,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Mapped, WriteOnlyMapped, mapped_column, relationship

from ..extensions import db
from .account import Account, new_security_stamp
from .email_address import normalize_if_valid
from .follow import Follow  # demo-only
from .hidden_user import HiddenUser  # demo-only
from .notification_settings import NotificationSettings  # demo-only
from .role import Permission, Role
from .statements import insert_or_ignore, lock_rows, rows_changed
from .types import Rows, UTCDateTime, utcnow

if TYPE_CHECKING:  # demo-only
    from .comment import Comment  # demo-only
    from .post import Post  # demo-only

LAST_SEEN_INTERVAL = timedelta(minutes=1)


class User(
    NotificationSettings,  # demo-only
    Account,
):
    """A user account.

    To delete one, call `deletion.delete_user()`: it sets `deleted_at`, which hides the user and
    their content until a job has deleted the rows.
    """

    __tablename__ = "users"

    username: Mapped[str] = mapped_column(String(64))
    locale: Mapped[str | None] = mapped_column(String(16))
    name: Mapped[str | None] = mapped_column(String(64))
    location: Mapped[str | None] = mapped_column(String(64))
    about_me: Mapped[str | None] = mapped_column(Text)
    avatar_key: Mapped[str | None] = mapped_column(String(64))  # of a file: see app/uploads
    member_since: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    last_seen: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    # demo-only: begin
    # Updated with each post and follow (counters.py and `follow()`), so that no page counts rows.
    post_count: Mapped[int] = mapped_column(default=0, server_default="0")
    follower_count: Mapped[int] = mapped_column(default=0, server_default="0")
    following_count: Mapped[int] = mapped_column(default=0, server_default="0")
    # Once the user has blocked, muted or been blocked: only then do lists look for hidden users.
    hides_users: Mapped[bool] = mapped_column(default=False, server_default=false())
    # demo-only: end
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    suspended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    suspension_reason: Mapped[str | None] = mapped_column(String(255))
    role_id: Mapped[int | None] = mapped_column(ForeignKey("roles.id"))

    role: Mapped[Role | None] = relationship(lazy="joined")
    # demo-only: begin
    followed: WriteOnlyMapped[Follow] = relationship(
        foreign_keys=[Follow.follower_id], back_populates="follower", passive_deletes=True
    )
    followers: WriteOnlyMapped[Follow] = relationship(
        foreign_keys=[Follow.followed_id], back_populates="followed", passive_deletes=True
    )
    posts: WriteOnlyMapped["Post"] = relationship(back_populates="author", passive_deletes=True)
    comments: WriteOnlyMapped["Comment"] = relationship(
        back_populates="author", passive_deletes=True, foreign_keys="Comment.author_id"
    )
    # demo-only: end

    __table_args__ = (Index("uq_users_username_lower", func.lower(username), unique=True),)

    def __init__(self, **columns: Any) -> None:
        """Create a user with the role for the email address."""
        super().__init__(**columns)
        if "security_stamp" not in vars(self):  # setting a password sets it
            self.renew_security_stamp()
        if self.role is None:
            self.role = self._initial_role()
        self.followed.add(Follow(followed=self))  # themself; demo-only

    def _initial_role(self) -> Role | None:
        admin = current_app.config["FLASKY_ADMIN"]
        is_admin = admin and self.email == normalize_if_valid(admin)
        role = Role.find_by_name("Administrator") if is_admin else None
        return role or db.session.scalar(select(Role).where(Role.default.is_(True)))

    def __repr__(self) -> str:
        return f"<User {self.username!r}>"

    @classmethod
    def find_by_username(cls, username: str) -> "User | None":
        """Return the user with this username, in any case, or None."""
        return db.session.scalar(select(cls).where(func.lower(cls.username) == username.lower()))

    @classmethod
    def byline(cls, user: Any = None) -> tuple[Any, ...]:
        """Return the columns of a user, or the alias `user`, that macros/users.html shows."""
        user = user or cls
        return user.username, user.name, user.avatar_hash, user.avatar_key

    def can(self, permission: int) -> bool:
        """Return True if the user's role has all of `permission`."""
        return self.role is not None and self.role.has_permission(permission)

    def is_administrator(self) -> bool:
        """Return True if the user has the permission ADMIN."""
        return self.can(Permission.ADMIN)

    def requires_two_factor(self) -> bool:
        """Return True if users with this role must have a second factor."""
        return self.role is not None and self.role.name in current_app.config["TWO_FACTOR_ROLES"]

    def update_profile(self, **fields: str | None) -> None:
        """Set `name`, `location` or `about_me`; blank values become None."""
        for field, value in fields.items():
            setattr(self, field, (value or "").strip() or None)

    def erase(self) -> bool:
        """Erase the account, and set `deleted_at`; return False if it was deleted already.

        Its sessions and tokens end, and others can take its email address and username.
        """
        values = dict.fromkeys(("password_hash", "name", "location", "about_me", "role_id"))
        row = (
            update(User)
            .where(User.id == self.id, User.deleted_at.is_(None))
            .values(
                deleted_at=utcnow(),
                # Neither is valid, so no request can register or find these.
                email=f"~{self.id}",
                username=f"~{self.id}",
                avatar_hash="",
                security_stamp=new_security_stamp(),
                confirmed=False,
                **values,
            )
        )
        return rows_changed(db.session.execute(row)) == 1

    @property
    def is_active(self) -> bool:  # type: ignore[override]  # a constant of other accounts
        """Return False if the user is suspended; Flask-Login asks this at each login."""
        return self.suspended_at is None

    @classmethod
    def is_shown(cls, user: Any = None) -> ColumnElement[bool]:
        """Return the condition that a user, or the alias `user`, is not deleted or suspended."""
        user = user or cls
        shown: ColumnElement[bool] = user.deleted_at.is_(None) & user.suspended_at.is_(None)
        return shown

    def suspend(self, reason: str) -> None:
        """Hide the user and their content; their sessions, tokens and links end."""
        self.suspended_at, self.suspension_reason = utcnow(), reason
        self.renew_security_stamp()

    def reinstate(self) -> None:
        """Show the user and their content again."""
        self.suspended_at = self.suspension_reason = None

    def last_seen_is_stale(self) -> bool:
        """Return True if `last_seen` is at least a minute old."""
        return utcnow() - self.last_seen >= LAST_SEEN_INTERVAL

    def ping(self) -> bool:
        """Update `last_seen` if it is stale; return True if it was."""
        is_stale = self.last_seen_is_stale()
        if is_stale:
            db.session.execute(update(User).where(User.id == self.id).values(last_seen=utcnow()))
        return is_stale

    # demo-only: begin
    def follow(self, user: "User", timestamp: datetime | None = None) -> bool:
        """Follow `user`; return False if this user already did, raise Blocked after a block."""
        db.session.flush()  # both users need an id
        row = insert_or_ignore(Follow).values(
            follower_id=self.id, followed_id=user.id, timestamp=timestamp or utcnow()
        )
        is_new = rows_changed(db.session.execute(row)) == 1 and self.id != user.id
        if is_new:
            self._count_follow(user, +1)
            HiddenUser.require_no_block(self.id, user.id)  # both users are locked now
        return is_new

    def unfollow(self, user: "User") -> bool:
        """Unfollow `user`; return False if this user did not follow them, or for oneself."""
        if self.id == user.id:
            return False
        lock_rows(User, [self.id, user.id])  # before the follow, like `HiddenUser.block()`
        follow = self.followed.delete().where(Follow.followed_id == user.id)
        deleted = rows_changed(db.session.execute(follow)) == 1
        if deleted:
            self._count_follow(user, -1)
        return deleted

    def _count_follow(self, user: "User", step: int) -> None:
        changes = [
            (self.id, {"following_count": User.following_count + step}),
            (user.id, {"follower_count": User.follower_count + step}),
        ]
        for user_id, change in sorted(changes, key=itemgetter(0)):  # in order: avoids deadlocks
            db.session.execute(update(User).where(User.id == user_id).values(change))

    def is_following(self, user: "User") -> bool:
        """Return True if this user follows `user`."""
        key = (self.id, user.id)
        return None not in key and db.session.get(Follow, key) is not None

    def is_followed_by(self, user: "User") -> bool:
        """Return True if `user` follows this user."""
        return user.is_following(self)

    @classmethod
    def add_self_follows(cls, *conditions: ColumnElement[bool]) -> int:
        """Let all users, or those who meet `conditions`, follow themselves, in one statement.

        Return how many did not.
        """
        is_missing = ~cls.followed.any(Follow.followed_id == cls.id)
        missing = select(cls.id, cls.id, literal(utcnow(), UTCDateTime))
        missing = missing.where(is_missing, *conditions)
        columns = ["follower_id", "followed_id", "timestamp"]
        insert = insert_or_ignore(Follow).from_select(columns, missing)
        return rows_changed(db.session.execute(insert))

    def follower_rows(self) -> Rows:
        """Return id, timestamp and the byline of this user's followers."""
        return self._follow_rows(Follow.follower_id).where(Follow.followed_id == self.id)

    def followed_rows(self) -> Rows:
        """Return the same columns of the users whom this user follows."""
        return self._follow_rows(Follow.followed_id).where(Follow.follower_id == self.id)

    def _follow_rows(self, user_id: Any) -> Rows:
        # Not User.id: PostgreSQL finds a page by an index if its key is in one table.
        key = user_id.label("id"), Follow.timestamp
        columns = (*key, *User.byline())
        follows = select(*columns).join(Follow, user_id == User.id)
        return follows.where(User.id != self.id, User.is_shown())

    @property
    def followed_posts(self) -> Any:
        """The posts of everyone this user follows, as an unordered `Select`."""
        # Through the relationship: post.py imports this module.
        post = type(self).posts.property.mapper.class_
        return (
            select(post)
            .join(Follow, Follow.followed_id == post.author_id)
            .where(Follow.follower_id == self.id)
        )

    # demo-only: end


class AnonymousUser(AnonymousUserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """A visitor who is not logged in and has no permissions."""

    def can(self, permission: int) -> bool:
        """Return False."""
        return False

    def is_administrator(self) -> bool:
        """Return False."""
        return False
