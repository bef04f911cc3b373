"""Passkeys: keys in devices and password managers with which a user logs in (WebAuthn)."""

import secrets
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Self

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model, db
from ..security import webauthn
from .account import read_token, sign_token
from .statements import insert_or_ignore, lock_row, rows_changed
from .types import UTCDateTime, utcnow
from .user import User

CREATION, LOGIN = "passkey creation", "passkey login"
CHALLENGE_LIFETIME = 15 * 60  # seconds


class TooManyPasskeys(Exception):
    """The user has as many passkeys as one user may have."""


class Passkey(Model):
    """A passkey of a user. It verifies the user, so it is both factors of a login in one."""

    __tablename__ = "passkeys"
    MAX_PER_USER: ClassVar = 20

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    # The time of the last challenge in microseconds: each is accepted once, and no earlier one.
    last_challenge: Mapped[int] = mapped_column(BigInteger, default=0)
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @classmethod
    def creation_options(cls, user: User) -> dict[str, Any]:
        """Return the options with which a browser creates a passkey of `user`."""
        challenge = new_challenge(CREATION, id=user.id)
        existing = [passkey.credential_id for passkey in cls.of(user)]
        return webauthn.creation_options(challenge, handle(user.id), user.username, existing)

    @classmethod
    def login_options(cls, user: User | None = None) -> dict[str, Any]:
        """Return the options with which a browser uses a passkey: any one, or one of `user`."""
        allowed = [passkey.credential_id for passkey in cls.of(user)] if user else []
        return webauthn.request_options(new_challenge(LOGIN), allowed)

    @classmethod
    def add(cls, user: User, name: str, text: str) -> bool:
        """Add the passkey in the response of a browser; return False if it is invalid.

        Raise TooManyPasskeys if the user has MAX_PER_USER.
        """
        try:
            response = webauthn.parse_registration(text)
            claims = read_token(response.challenge, CREATION)
            if claims is None or claims["id"] != user.id:
                return False
            credential = webauthn.verify_registration(response)
        except webauthn.PasskeyError:
            return False
        lock_row(user)  # otherwise concurrent requests could exceed the maximum
        count = select(func.count()).where(cls.user_id == user.id)
        if db.session.scalars(count).one() >= cls.MAX_PER_USER:
            raise TooManyPasskeys
        row = insert_or_ignore(cls).values(
            user_id=user.id, name=name, **credential._asdict(), last_challenge=0
        )
        return rows_changed(db.session.execute(row.values(timestamp=utcnow()))) == 1

    @classmethod
    def authenticate(cls, text: str) -> User | None:
        """Return the confirmed user of the passkey in the response of a browser, or None."""
        try:
            response = webauthn.parse_authentication(text)
            claims = read_token(response.challenge, LOGIN)
            row = db.session.scalar(select(cls).where(cls.credential_id == response.credential_id))
            if claims is None or row is None:
                return None
            if response.user_handle not in (None, handle(row.user_id)):
                return None
            sign_count = webauthn.verify_authentication(response, row.public_key, row.sign_count)
        except webauthn.PasskeyError:
            return None
        user = db.session.get(User, row.user_id)
        used = row._use(claims["issued"], sign_count)
        return user if user is not None and user.confirmed and used else None

    def _use(self, issued: int, sign_count: int) -> bool:
        """Return False if a concurrent or earlier request has used the challenge or a later one.

        Many passkeys have no counter, so `sign_count` cannot prevent this.
        """
        cls = type(self)
        unused = update(cls).where(cls.id == self.id, cls.last_challenge < issued)
        values = {"last_challenge": issued, "sign_count": sign_count, "last_used_at": utcnow()}
        return rows_changed(db.session.execute(unused.values(values))) == 1

    @classmethod
    def of(cls, user: User) -> Sequence[Self]:
        """Return the passkeys of `user`, oldest first."""
        return db.session.scalars(select(cls).filter_by(user_id=user.id).order_by(cls.id)).all()

    @classmethod
    def find(cls, user: User, passkey_id: int) -> Self | None:
        """Return the passkey of `user` with this id, or None."""
        return db.session.scalar(select(cls).filter_by(user_id=user.id, id=passkey_id))


def new_challenge(purpose: str, **claims: Any) -> str:
    """Return a random, signed challenge that expires."""
    issued = time.time_ns() // 1000
    claims |= {"issued": issued, "nonce": secrets.token_urlsafe(16)}
    return sign_token(purpose, claims, CHALLENGE_LIFETIME)


def handle(user_id: int) -> bytes:
    """Return the handle under which devices store the passkeys of a user."""
    return str(user_id).encode()
