"""Two-factor authentication: authenticator apps, and recovery codes for those who lose theirs."""

import base64
import secrets
from datetime import datetime
from typing import ClassVar

from flask import current_app
from sqlalchemy import ForeignKey, String, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model, db
from ..security import totp
from ..security.encryption import DecryptionError, decrypt, encrypt
from .credential import digest
from .statements import insert_or_ignore, lock_row, rows_changed
from .types import UTCDateTime, utcnow
from .user import User

PURPOSE = "authenticator"


class Authenticator(Model):
    """The authenticator app of a user. Two-factor authentication is on while there is a row."""

    __tablename__ = "authenticators"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    secret: Mapped[str] = mapped_column(String(255))  # encrypted
    last_step: Mapped[int]  # the time step of the last code: each code is accepted once
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    @classmethod
    def find(cls, user: User) -> "Authenticator | None":
        """Return the authenticator of `user`, or None."""
        return db.session.get(cls, user.id, populate_existing=True)

    @classmethod
    def is_required(cls, user: User) -> bool:
        """Return True if a login of `user` needs a code.

        Lock the user until the transaction ends: otherwise a login could begin before an
        authenticator is added, and create a session after the others have been ended.
        """
        lock_row(user)
        return cls.find(user) is not None

    @classmethod
    def add(cls, user: User, secret: str, code: str) -> bool:
        """Add an authenticator; return False if the code is wrong, or `user` has one already."""
        step = totp.matching_step(secret, code)
        if step is None:
            return False
        lock_row(user)  # see is_required()
        row = insert_or_ignore(cls).values(
            user_id=user.id, secret=encrypt(PURPOSE, secret), last_step=step, timestamp=utcnow()
        )
        return rows_changed(db.session.execute(row)) == 1

    def accept(self, code: str) -> bool:
        """Return True if `code` is right and has not been used, and mark it as used.

        Of concurrent requests with the same code, the database lets one through. The secret is
        encrypted again, since SECRET_KEY may have changed.
        """
        try:
            secret = decrypt(PURPOSE, self.secret)
        except DecryptionError:
            current_app.logger.error(  # noqa: TRY400 - the traceback says nothing more
                "The authenticator of user %s cannot be decrypted: SECRET_KEY was replaced, and "
                "the old key is not in SECRET_KEY_FALLBACKS. Recovery codes work; or run: "
                "flask users reset-two-factor USERNAME",
                self.user_id,
            )
            return False
        step, cls = totp.matching_step(secret, code, after=self.last_step), type(self)
        if step is None:
            return False
        unused = update(cls).where(cls.user_id == self.user_id, cls.last_step < step)
        values = {"last_step": step, "secret": encrypt(PURPOSE, secret)}
        return rows_changed(db.session.execute(unused.values(values))) == 1

    @classmethod
    def remove(cls, user: User) -> bool:
        """Delete the authenticator and the recovery codes; return False if there were none."""
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
        return rows_changed(db.session.execute(delete(cls).where(cls.user_id == user.id))) == 1


class RecoveryCode(Model):
    """The digest of a code that replaces the authenticator app once.

    Like the secrets in credential.py, codes are random and long enough for a plain digest.
    """

    __tablename__ = "recovery_codes"
    NUMBER: ClassVar = 10

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)

    @classmethod
    def replace(cls, user: User) -> list[str]:
        """Delete the codes of `user`; return new ones."""
        codes = [
            base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(cls.NUMBER)
        ]
        db.session.execute(delete(cls).where(cls.user_id == user.id))
        rows = [{"user_id": user.id, "digest": digest(code)} for code in codes]
        db.session.execute(insert(cls), rows)
        return ["-".join(code[i : i + 4] for i in range(0, 16, 4)) for code in codes]

    @classmethod
    def use(cls, user: User, code: str) -> bool:
        """Delete a code; return False if `user` has no such code."""
        row = delete(cls).where(cls.user_id == user.id, cls.digest == digest(code.lower()))
        return rows_changed(db.session.execute(row)) == 1

    @classmethod
    def count(cls, user: User) -> int:
        """Return the number of codes that are left."""
        rows = select(func.count()).where(cls.user_id == user.id)
        return db.session.scalars(rows).one()


def accept_code(user: User, code: str) -> bool:
    """Return True if `code` is a code of the authenticator app or a recovery code; use it up.

    Spaces and hyphens do not matter. False if two-factor authentication is off.
    """
    code = "".join(code.split()).replace("-", "")
    if not code.isascii():
        return False
    if len(code) != totp.LENGTH:
        return RecoveryCode.use(user, code)
    authenticator = Authenticator.find(user)
    return authenticator is not None and authenticator.accept(code)
