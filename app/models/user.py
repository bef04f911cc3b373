"""People: the account, its role, and the words others read on the profile page."""

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy import ForeignKey, Index, Select, String, Text, func, select, update
from sqlalchemy.orm import Mapped, WriteOnlyMapped, mapped_column, relationship, validates

from ..addresses import normalise_if_valid
from ..extensions import Model, db
from .account import AccountMixin
from .follow import Follow, FollowMixin
from .role import Permission, Role
from .types import UTCDateTime, utcnow

if TYPE_CHECKING:
    from .comment import Comment
    from .post import Post

SEEN_EVERY = timedelta(minutes=1)


class User(AccountMixin, FollowMixin, Model):
    """A person with an account.

    The three counts are kept by the verbs that change them (see counters.py), so that no page
    has to count rows. Deleting a user deletes what they wrote, followed and were sent.
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    username: Mapped[str] = mapped_column(String(64))
    held_username: Mapped[str | None] = mapped_column(String(64))
    held_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    password_hash: Mapped[str | None] = mapped_column(String(256))
    security_stamp: Mapped[str] = mapped_column(String(32))
    confirmed: Mapped[bool] = mapped_column(default=False)
    locale: Mapped[str | None] = mapped_column(String(16))
    name: Mapped[str | None] = mapped_column(String(64))
    location: Mapped[str | None] = mapped_column(String(64))
    about_me: Mapped[str | None] = mapped_column(Text)
    avatar_hash: Mapped[str] = mapped_column(String(64))
    member_since: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    last_seen: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    post_count: Mapped[int] = mapped_column(default=0, server_default="0")
    follower_count: Mapped[int] = mapped_column(default=0, server_default="0")
    following_count: Mapped[int] = mapped_column(default=0, server_default="0")
    role_id: Mapped[int | None] = mapped_column(ForeignKey("roles.id"), index=True)

    role: Mapped[Role | None] = relationship(lazy="joined")
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

    __table_args__ = (
        Index("uq_users_username_lower", func.lower(username), unique=True),
        Index("ix_users_held_username_lower", func.lower(held_username)),
    )

    def __init__(self, **columns: Any) -> None:
        """Make a user, with the role that the address deserves; everyone follows themself."""
        super().__init__(**columns)
        if "security_stamp" not in vars(self):  # a password brings a new one
            self.renew_security_stamp()
        if self.role is None:
            self.role = Role.named("Administrator") if self._is_admins_address() else None
        if self.role is None:
            self.role = db.session.scalar(select(Role).where(Role.default.is_(True)))
        self.followed.add(Follow(followed=self))

    def _is_admins_address(self) -> bool:
        admin = current_app.config["FLASKY_ADMIN"]
        return bool(admin) and self.email == normalise_if_valid(admin)

    def __repr__(self) -> str:
        return f"<User {self.username!r}>"

    @validates("email")
    def _normalise_email(self, _key: str, email: str) -> str:
        """Addresses are written in many ways, and compared in one."""
        email = normalise_if_valid(email)
        self.avatar_hash = hashlib.sha256(email.encode()).hexdigest()
        return email

    @classmethod
    def with_email(cls, email: str) -> "User | None":
        """Return the user who has this address, in whatever way it is written."""
        if "\0" in email:  # which PostgreSQL cannot even look for
            return None
        return db.session.scalar(select(cls).where(cls.email == normalise_if_valid(email)))

    @classmethod
    def with_username(cls, username: str) -> "User | None":
        """Return the user of this name, in whatever case it is written."""
        return db.session.scalar(select(cls).where(func.lower(cls.username) == username.lower()))

    @classmethod
    def abandoned(cls, since: datetime) -> "Select[User]":
        """Return the accounts registered before `since`, never confirmed and never used."""
        return select(cls).where(
            cls.confirmed.is_(False),
            cls.member_since < since,
            cls.last_seen < since,
            cls.post_count == 0,
            ~cls.comments.any(),
        )

    @classmethod
    def username_is_free(
        cls, username: str, besides: "User | None" = None, asked_by: str | None = None
    ) -> bool:
        """Tell whether nobody but `besides` has this name or holds it.

        Nor does an earlier attempt of the address `asked_by` to register under it count.
        """
        lower = username.lower()
        taken = select(cls.id).where(
            (func.lower(cls.username) == lower) | (func.lower(cls.held_username) == lower)
        )
        if besides is not None:
            taken = taken.where(cls.id != besides.id)
        if asked_by is not None:
            only_asked = ~cls.confirmed | (func.lower(cls.username) != lower)
            taken = taken.where(~((cls.email == asked_by.strip().lower()) & only_asked))
        return db.session.scalar(taken.limit(1)) is None

    def hold_username(self, username: str) -> None:
        """Keep a name from others, as if it had been registered."""
        self.held_username, self.held_at = username, utcnow()

    @classmethod
    def free_held_usernames(cls, since: datetime) -> None:
        """Let go of the names that were held before `since`."""
        held = update(cls).where(cls.held_at < since)
        db.session.execute(held.values(held_username=None, held_at=None))

    @property
    def followed_posts(self) -> Any:
        """The posts of everyone this user follows, as a `Select`; the caller orders and pages."""
        # By way of the relationship, because post.py needs User and cannot be imported here.
        post = type(self).posts.property.mapper.class_
        return (
            select(post)
            .join(Follow, Follow.followed_id == post.author_id)
            .where(Follow.follower_id == self.id)
        )

    # Flask-Login asks an account these questions.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """Return what a session remembers: who, and the stamp that must still be theirs."""
        return f"{self.id}.{self.security_stamp}"

    @classmethod
    def from_session(cls, remembered: str) -> "User | None":
        """Return the user a session remembers, unless its stamp has been renewed since."""
        user_id, _, stamp = remembered.partition(".")
        user = db.session.get(cls, int(user_id)) if user_id.isdecimal() else None
        return user if user is not None and user.security_stamp == stamp else None

    def can(self, permission: int) -> bool:
        """Tell whether this user's role has all of `permission`."""
        return self.role is not None and self.role.has_permission(permission)

    def is_administrator(self) -> bool:
        """Tell whether this user may do everything."""
        return self.can(Permission.ADMIN)

    def introduce(self, **words: str | None) -> None:
        """Let people say who they are: name, location, about_me; blank is nothing."""
        for field, text in words.items():
            setattr(self, field, (text or "").strip() or None)

    def ping_is_due(self) -> bool:
        """Tell whether it is a minute or more since this user was last noted to be here."""
        return utcnow() - self.last_seen >= SEEN_EVERY

    def ping(self) -> bool:
        """Note that this user was here, at most once a minute; tell whether it was noted."""
        now = utcnow()
        if not self.ping_is_due():
            return False
        db.session.execute(
            update(User)
            .where(User.id == self.id, User.last_seen <= now - SEEN_EVERY)
            .values(last_seen=now)
        )
        return True


class AnonymousUser:
    """A reader who has not logged in: may read, and nothing else."""

    is_authenticated = False
    is_active = False
    is_anonymous = True

    def get_id(self) -> None:
        """There is nobody to remember."""

    def can(self, permission: int) -> bool:
        """Tell that a reader who has not logged in may do nothing that needs permission."""
        return False

    def is_administrator(self) -> bool:
        """Tell that a reader who has not logged in is no administrator."""
        return False
