"""An account's credentials: the password, and the tokens that go out in letters."""

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from flask import current_app
from sqlalchemy import select, update
from werkzeug.security import check_password_hash, generate_password_hash

from .. import tokens
from ..addresses import normalise_if_valid
from ..extensions import db
from ..keys import keyring
from .types import rows_changed

DEFAULT_LIFETIME = int(timedelta(hours=1).total_seconds())


def hash_password(password: str) -> str:
    """Return a salted hash of `password`, by the method that the configuration names."""
    return generate_password_hash(password, current_app.config["PASSWORD_HASH_METHOD"])


def waste_a_password_check(password: str) -> None:
    """Take as long as checking a password does, for an address that has no account."""
    hash_password(password)


class AccountMixin:
    """What a user's password and tokens can do.

    `security_stamp` changes whenever the password or the address does. Sessions and tokens carry
    it, so that the old ones stop working at that moment: this is what makes tokens single-use.
    """

    if TYPE_CHECKING:
        id: Any
        email: Any
        password_hash: Any
        security_stamp: Any
        confirmed: Any
        with_email: Any

    @property
    def password(self) -> str:
        """A password can be set, never read: AttributeError."""
        raise AttributeError("A password cannot be read: use verify_password().")

    @password.setter
    def password(self, password: str) -> None:
        self.password_hash = hash_password(password)
        self.renew_security_stamp()

    def register_again(self, username: str, password: str, locale: str) -> bool:
        """Let a new registration replace one that nobody has confirmed.

        False if it has been confirmed meanwhile: then the account is its owner's.
        """
        return self._change_unless_changed(
            username=username,
            locale=locale,
            password_hash=hash_password(password),
            security_stamp=_new_stamp(),
        )

    def verify_password(self, password: str) -> bool:
        """Tell whether this is the user's password."""
        if self.password_hash is None:
            waste_a_password_check(password)
            return False
        return check_password_hash(self.password_hash, password)

    @classmethod
    def with_credentials(cls, email: str, password: str) -> "Self | None":
        """Return the user of this address, if all is right and confirmed; take as long if not."""
        user: Self | None = cls.with_email(email)
        if user is None:
            waste_a_password_check(password)
            return None
        if not user.verify_password(password) or not user.confirmed:
            return None
        user.rehash_password(password)
        return user

    def rehash_password(self, password: str) -> bool:
        """Hash `password`, just verified, anew if the method has changed; tell if it had."""
        method = current_app.config["PASSWORD_HASH_METHOD"]
        if self.password_hash is not None and self.password_hash.startswith(f"{method}$"):
            return False
        # A reset that comes in between must not be undone by the old password.
        return self._change_unless_changed(password_hash=hash_password(password))

    def renew_security_stamp(self) -> None:
        """End every session and void every token of this user."""
        self.security_stamp = _new_stamp()

    def generate_confirmation_token(self, expiration: int = DEFAULT_LIFETIME) -> str:
        """Return a token that confirms this address; `expiration` in seconds."""
        return self._token("confirm", expiration)

    def confirm(self, token: str) -> bool:
        """Confirm the address if `token` was made for this user and not used; tell if it was."""
        if self.confirmed or self._claims("confirm", token) is None:
            return False
        return self._change_unless_changed(confirmed=True)

    def generate_reset_token(self, expiration: int = DEFAULT_LIFETIME) -> str:
        """Return a token that allows setting a new password; `expiration` in seconds."""
        return self._token("reset", expiration)

    @classmethod
    def reset_password(cls, token: str, new_password: str) -> bool:
        """Set the password of the user `token` was made for; tell whether it was valid.

        Whoever holds the token has read the user's letters, so the address is confirmed too.
        """
        user = cls.from_token("reset", token)
        if user is None or not user._change_unless_changed(security_stamp=_new_stamp()):
            return False
        user.password = new_password
        user.confirmed = True
        return True

    def generate_email_change_token(
        self, new_email: str, expiration: int = DEFAULT_LIFETIME
    ) -> str:
        """Return a token that moves this account to `new_email`; `expiration` in seconds."""
        return self._token("change_email", expiration, new_email=normalise_if_valid(new_email))

    def change_email(self, token: str) -> bool:
        """Move this account to the address in `token`; False if it is not valid or is taken."""
        claims = self._claims("change_email", token)
        if claims is None or not self._address_is_free(claims["new_email"]):
            return False
        if not self._change_unless_changed(security_stamp=_new_stamp()):
            return False
        self.email = claims["new_email"]
        return True

    @classmethod
    def from_token(cls, purpose: str, token: str) -> Self | None:
        """Return the user for whom `token` is valid, locked until the transaction ends."""
        claims = _read(token, purpose)
        if claims is None:
            return None
        user = db.session.get(cls, claims["id"], with_for_update={"of": cls})
        return user if user is not None and user.security_stamp == claims["stamp"] else None

    def _change_unless_changed(self, **columns: Any) -> bool:
        """Write `columns`; False if another request has changed the credentials meanwhile.

        On SQLite, which locks no rows, this alone makes a token work once.
        """
        cls = type(self)
        mine = update(cls).where(
            cls.id == self.id,
            cls.security_stamp == self.security_stamp,
            cls.confirmed == self.confirmed,
        )
        return rows_changed(db.session.execute(mine.values(columns))) == 1

    def _token(self, purpose: str, expiration: int, **claims: Any) -> str:
        claims |= {"id": self.id, "stamp": self.security_stamp}
        return tokens.sign(purpose, claims, expiration, _keys())

    def _claims(self, purpose: str, token: str) -> dict[str, Any] | None:
        claims = _read(token, purpose)
        mine = claims and (claims["id"], claims["stamp"]) == (self.id, self.security_stamp)
        return claims if mine else None

    def _address_is_free(self, email: str) -> bool:
        cls = type(self)
        return db.session.scalar(select(cls.id).where(cls.email == email)) is None


def _read(token: str, purpose: str) -> dict[str, Any] | None:
    """Return what `token` says, if it is one of ours for `purpose` and has not expired."""
    try:
        return tokens.read(token, purpose, _keys())
    except tokens.TokenError:
        return None


def _new_stamp() -> str:
    return secrets.token_urlsafe(16)


def _keys() -> list[str]:
    return keyring(current_app.config)
