"""Accounts of users at an OpenID Connect issuer, with which they log in here."""

from datetime import datetime
from typing import Self

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Model, db
from .statements import insert_or_ignore, rows_changed
from .types import UTCDateTime, utcnow
from .user import User


class Identity(Model):
    """An account at an issuer; `subject` identifies it there for ever, its email address does not.

    A user has one at each issuer, and each belongs to one user.
    """

    __tablename__ = "identities"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(254))  # at the time of linking, to recognize it
    timestamp: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        Index("uq_identities_user_issuer", "user_id", "issuer", unique=True),
    )

    @classmethod
    def add(cls, user: User, issuer: str, subject: str, email: str) -> bool:
        """Link an account; return False if it is linked, or `user` has another one there."""
        row = insert_or_ignore(cls).values(
            user_id=user.id, issuer=issuer, subject=subject, email=email, timestamp=utcnow()
        )
        return rows_changed(db.session.execute(row)) == 1

    @classmethod
    def find_user(cls, issuer: str, subject: str) -> User | None:
        """Return the user of an account at an issuer, who may be unable to log in, or None."""
        is_same = (cls.issuer == issuer) & (cls.subject == subject)
        return db.session.scalar(select(User).join(cls, cls.user_id == User.id).where(is_same))

    @classmethod
    def of(cls, user: User, issuer: str) -> Self | None:
        """Return the account of `user` at an issuer, or None."""
        return db.session.scalar(select(cls).filter_by(user_id=user.id, issuer=issuer))

    @classmethod
    def remove(cls, user: User, issuer: str | None = None) -> bool:
        """Unlink the account at an issuer, or at all of them; return False if there was none."""
        rows = delete(cls).where(cls.user_id == user.id)
        rows = rows if issuer is None else rows.where(cls.issuer == issuer)
        return rows_changed(db.session.execute(rows)) > 0
