"""Registrations whose email address is not confirmed yet."""

from datetime import datetime, timedelta
from typing import Self

from flask import current_app
from sqlalchemy import Index, String, delete, exists, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model, db
from ..security.password_hashing import hash_password
from .account import (
    TOKEN_LIFETIME,
    PasswordMixin,
    new_security_stamp,
    read_token,
    sign_token,
)
from .email_address import normalize_if_valid
from .former_username import FormerUsername
from .statements import insert_or_update, rows_changed
from .types import UTCDateTime, utcnow
from .user import User


class Registration(PasswordMixin, Model):
    """What was entered to register; `confirm()` creates the user.

    Each registration writes a row, whether or not its email address has an account, and only a
    confirmed one takes a user id. So neither ids nor usernames reveal who has an account.
    """

    __tablename__ = "registrations"

    email: Mapped[str] = mapped_column(String(254), primary_key=True)
    username: Mapped[str] = mapped_column(String(64))
    security_stamp: Mapped[str] = mapped_column(String(32))
    locale: Mapped[str] = mapped_column(String(16))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)

    __table_args__ = (Index("uq_registrations_username_lower", func.lower(username), unique=True),)

    confirmed = False
    is_active = True

    @classmethod
    def save(cls, email: str, username: str, password: str, locale: str) -> Self:
        """Add a registration, or replace an earlier one; raise IntegrityError for a taken name."""
        email = normalize_if_valid(email)
        columns = {
            "email": email,
            "username": username,
            "password_hash": hash_password(password),
            "security_stamp": new_security_stamp(),
            "locale": locale,
            "expires_at": _expiry(),
        }
        db.session.execute(insert_or_update(cls, "email", **columns))
        return cls(**columns)

    @classmethod
    def renew(cls, email: str) -> Self | None:
        """Return the registration of this email address, which expires later now, or None."""
        is_wanted = cls.email == normalize_if_valid(email)
        renewed = update(cls).where(is_wanted).values(expires_at=_expiry()).returning(cls)
        return db.session.scalar(renewed)

    @classmethod
    def find_by_token(cls, token: str) -> Self | None:
        """Return the registration of a valid token, or None."""
        claims = read_token(token, "register")
        if claims is None:
            return None
        is_same = (cls.email == claims["email"]) & (cls.security_stamp == claims["stamp"])
        return db.session.scalar(select(cls).where(is_same))

    def generate_confirmation_token(self, expiration: int = TOKEN_LIFETIME) -> str:
        """Return a token for `find_by_token()`; `expiration` in seconds."""
        claims = {"email": self.email, "stamp": self.security_stamp}
        return sign_token("register", claims, expiration)

    def confirm(self) -> User | None:
        """Create the user and delete the registration; return None if it changed meanwhile.

        Raise IntegrityError if the username or the email address was taken meanwhile.
        """
        cls = type(self)
        unchanged = (cls.email == self.email) & (cls.security_stamp == self.security_stamp)
        if not rows_changed(db.session.execute(delete(cls).where(unchanged))):
            return None
        columns = ("email", "username", "password_hash", "locale")
        user = User(confirmed=True, **{name: getattr(self, name) for name in columns})
        db.session.add(user)
        db.session.flush()
        return user


def username_is_available(username: str, email: str, exclude: User | None = None) -> bool:
    """Return True if no user but `exclude` has or had `username`, and no registration reserves it.

    A registration of `email` does not count: it can be replaced.
    """
    lower, user_id = username.lower(), exclude and exclude.id
    is_used = exists().where(func.lower(User.username) == lower, User.id.is_distinct_from(user_id))
    is_reserved = exists().where(
        func.lower(Registration.username) == lower,
        Registration.email != normalize_if_valid(email),
    )
    is_former = exists().where(
        func.lower(FormerUsername.username) == lower,
        FormerUsername.user_id.is_distinct_from(user_id),
        FormerUsername.expires_at > utcnow(),
    )
    return not db.session.scalar(select(is_used | is_reserved | is_former))


def _expiry() -> datetime:
    return utcnow() + timedelta(hours=current_app.config["EMAIL_LINK_TTL_HOURS"])
