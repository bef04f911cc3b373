"""Credentials of an account: email address, password, login session, tokens in emails."""

import hashlib
import secrets
from typing import Any, Self

from flask import current_app
from sqlalchemy import String, select, update
from sqlalchemy.orm import Mapped, mapped_column, validates

from ..extensions import Model, db
from ..security import tokens
from ..security.password_hashing import check_password, dummy_password_check, hash_password
from ..security.secret_keys import signing_keys
from .email_address import normalize_if_valid
from .statements import rows_changed

TOKEN_LIFETIME = 3600  # seconds


def new_security_stamp() -> str:
    """Return a random stamp."""
    return secrets.token_urlsafe(16)


class PasswordMixin:
    """The hash of a password."""

    password_hash: Mapped[str | None] = mapped_column(String(256))

    def verify_password(self, password: str) -> bool:
        """Return True if this is the password."""
        if self.password_hash is None:
            dummy_password_check(password)
            return False
        return check_password(self.password_hash, password)


class Account(PasswordMixin, Model):
    """The credentials of a user.

    `security_stamp` changes with the password and the email address. Sessions and tokens contain
    it, so they stop working at that moment; this also makes tokens single-use.
    """

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    avatar_hash: Mapped[str] = mapped_column(String(64))
    security_stamp: Mapped[str] = mapped_column(String(32))
    confirmed: Mapped[bool] = mapped_column(default=False)

    # Required by Flask-Login.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    @validates("email")
    def _set_email(self, _key: str, email: str) -> str:
        email = normalize_if_valid(email)
        self.avatar_hash = hashlib.sha256(email.encode()).hexdigest()
        return email

    @classmethod
    def find_by_email(cls, email: str) -> Self | None:
        """Return the user with this email address, in any spelling, or None."""
        if "\0" in email:  # PostgreSQL raises an error for NUL
            return None
        return db.session.scalar(select(cls).where(cls.email == normalize_if_valid(email)))

    @classmethod
    def authenticate(cls, email: str, password: str) -> Self | None:
        """Return the active, confirmed user with these credentials, or None, in constant time."""
        user = cls.find_by_email(email)
        if user is None:
            dummy_password_check(password)
        elif user.verify_password(password) and user.confirmed and user.is_active:
            user.rehash_password(password)
            return user
        return None

    @property
    def password(self) -> str:
        """Write-only; reading it raises AttributeError."""
        raise AttributeError("A password cannot be read: use verify_password().")

    @password.setter
    def password(self, password: str) -> None:
        self.password_hash = hash_password(password)
        self.renew_security_stamp()

    def rehash_password(self, password: str) -> bool:
        """Hash a verified password again if PASSWORD_HASH_METHOD changed; return True if so."""
        method = current_app.config["PASSWORD_HASH_METHOD"]
        if self.password_hash is not None and self.password_hash.startswith(f"{method}$"):
            return False
        # Not an assignment: that could undo a password reset in another transaction.
        return self._compare_and_update(password_hash=hash_password(password))

    def renew_security_stamp(self) -> None:
        """Invalidate every session and token of this user."""
        self.security_stamp = new_security_stamp()

    def get_id(self) -> str:
        """Return the id. Flask-Login needs it; cookies hold the secret of a `LoginSession`."""
        return str(self.id)

    @classmethod
    def find_by_token(cls, purpose: str, token: str) -> Self | None:
        """Return the user of a valid token, locked until the transaction ends, or None."""
        claims = read_token(token, purpose)
        if claims is None:
            return None
        user = db.session.get(cls, claims["id"], with_for_update={"of": cls})
        return user if user is not None and user.security_stamp == claims["stamp"] else None

    def generate_confirmation_token(self, expiration: int = TOKEN_LIFETIME) -> str:
        """Return a token for `confirm()`; `expiration` in seconds."""
        return self._sign("confirm", expiration)

    def confirm(self, token: str) -> bool:
        """Confirm the email address; return False if the token is invalid."""
        if self.confirmed or self._read_own("confirm", token) is None:
            return False
        return self._compare_and_update(confirmed=True)

    def generate_reset_token(self, expiration: int = TOKEN_LIFETIME) -> str:
        """Return a token for `reset_password()`; `expiration` in seconds."""
        return self._sign("reset", expiration)

    @classmethod
    def reset_password(cls, token: str, new_password: str) -> bool:
        """Set the password of the token's user; return False if the token is invalid.

        This confirms the email address, too: the token was sent there.
        """
        user = cls.find_by_token("reset", token)
        if user is None or not user._compare_and_update(security_stamp=new_security_stamp()):
            return False
        user.password = new_password
        user.confirmed = True
        return True

    def generate_email_change_token(self, new_email: str, expiration: int = TOKEN_LIFETIME) -> str:
        """Return a token for `change_email()`; `expiration` in seconds."""
        return self._sign("change_email", expiration, new_email=normalize_if_valid(new_email))

    def change_email(self, token: str) -> bool:
        """Set the email address in the token; return False if it is invalid or taken."""
        claims = self._read_own("change_email", token)
        if claims is None or self.find_by_email(claims["new_email"]) is not None:
            return False
        if not self._compare_and_update(security_stamp=new_security_stamp()):
            return False
        self.email = claims["new_email"]
        return True

    def _compare_and_update(self, **columns: Any) -> bool:
        """Write `columns`; return False if another transaction changed the credentials.

        SQLite has no row locks: there, only this makes a token single-use.
        """
        cls = type(self)
        unchanged = update(cls).where(
            cls.id == self.id,
            cls.security_stamp == self.security_stamp,
            cls.confirmed == self.confirmed,
        )
        return rows_changed(db.session.execute(unchanged.values(columns))) == 1

    def _sign(self, purpose: str, expiration: int, **claims: Any) -> str:
        claims |= {"id": self.id, "stamp": self.security_stamp}
        return sign_token(purpose, claims, expiration)

    def _read_own(self, purpose: str, token: str) -> dict[str, Any] | None:
        claims = read_token(token, purpose)
        is_own = claims and (claims["id"], claims["stamp"]) == (self.id, self.security_stamp)
        return claims if is_own else None


def sign_token(purpose: str, claims: dict[str, Any], expiration: int) -> str:
    """Return a token with `claims`, signed with the current key; `expiration` in seconds."""
    return tokens.sign(purpose, claims, expiration, signing_keys(current_app.config))


def read_token(token: str, purpose: str) -> dict[str, Any] | None:
    """Return the claims of a token, or None if it is invalid."""
    try:
        return tokens.read(token, purpose, signing_keys(current_app.config))
    except tokens.TokenError:
        return None
