"""Changes of email addresses, which the old address can undo for some days."""

from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model, db
from .account import read_token, sign_token
from .identity import Identity
from .passkey import Passkey
from .statements import lock_row, rows_changed
from .two_factor import Authenticator
from .types import UTCDateTime, utcnow
from .user import User

RESTORE_PERIOD = timedelta(days=7)


class EmailChange(Model):
    """An address that an account had. A link sent there restores it.

    Restoring an address deletes this change and the later ones: someone who took over an account
    cannot take it again with a link that was sent to an address of theirs.
    """

    __tablename__ = "email_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    old_email: Mapped[str] = mapped_column(String(254))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)

    @classmethod
    def record(cls, user: User, old_email: str) -> Self:
        """Add a change of the email address of `user`."""
        change = cls(user_id=user.id, old_email=old_email, expires_at=utcnow() + RESTORE_PERIOD)
        db.session.add(change)
        db.session.flush()  # assigns the id
        return change

    @classmethod
    def delete_all(cls, user: User) -> None:
        """Delete the changes of `user`, so that no link restores an earlier address."""
        db.session.execute(delete(cls).where(cls.user_id == user.id))

    @classmethod
    def find_by_token(cls, token: str) -> Self | None:
        """Return the change of a valid token, or None."""
        claims = read_token(token, "restore_email")
        if claims is None:
            return None
        return db.session.scalar(
            select(cls).where(cls.id == claims["id"], cls.expires_at > utcnow())
        )

    def generate_restore_token(self) -> str:
        """Return a token for `find_by_token()`."""
        return sign_token("restore_email", {"id": self.id}, int(RESTORE_PERIOD.total_seconds()))

    def restore(self) -> User | None:
        """Restore the old address; end all sessions, tokens and links, and remove the password.

        Passkeys, linked accounts and a second factor that were added since are removed, too. An
        earlier second factor stays: someone who can read the old mailbox must not get around it.
        Return the user, or None if this change was undone meanwhile. Raise IntegrityError if
        another account has the address.
        """
        cls, user = type(self), db.session.get_one(User, self.user_id)
        lock_row(user)  # waits for another change of the address
        later = delete(cls).where(cls.user_id == user.id, cls.id >= self.id)
        if not rows_changed(db.session.execute(later)):
            return None
        for model in (Authenticator, Identity, Passkey):
            added = model.timestamp >= self.expires_at - RESTORE_PERIOD
            db.session.execute(delete(model).where(model.user_id == user.id, added))
        user.email, user.password_hash = self.old_email, None
        user.renew_security_stamp()
        db.session.flush()
        return user
