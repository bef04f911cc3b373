"""Login sessions: one for each browser in which a user is logged in."""

from typing import (
    Any,
    ClassVar,  # demo-only
)

from flask import current_app
from sqlalchemy import Index, String, delete, false, select
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import db
from .credential import Credential
from .statements import rows_changed
from .types import Rows, utcnow
from .user import User


class LoginSession(Credential):
    """A login in one browser. Its cookies contain the secret and are worthless without the row."""

    __tablename__ = "login_sessions"
    COUNTS_UNREAD: ClassVar = True  # for the navigation of pages; demo-only

    # The device that logged in: see devices.py.
    browser: Mapped[str | None] = mapped_column(String(32))
    system: Mapped[str | None] = mapped_column(String(32))
    # True if the user has also entered a code. While two-factor authentication is on, all sessions
    # of the user are of this kind: switching it on or off ends the others.
    second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (
        Index("ix_login_sessions_user_newest", "user_id", "timestamp", "id"),
        Index("ix_login_sessions_expires_at", "expires_at"),
    )

    @classmethod
    def issue(cls, user: User, remember: bool, **columns: Any) -> str:
        """Add a session for `user`, and return its secret. Delete the user's expired sessions.

        `columns` may set `timestamp`, when the user logged in, and `second_factor`.
        """
        setting = "REMEMBER_COOKIE_DURATION" if remember else "PERMANENT_SESSION_LIFETIME"
        lifetime = current_app.config[setting]
        _row, secret = cls._issue(user, lifetime, last_used_at=utcnow(), **columns)
        return secret

    @classmethod
    def active_rows(cls, user: User) -> Rows:
        """Return id, browser, system, network, timestamp and last_used_at of valid sessions."""
        columns = cls.id, cls.browser, cls.system, cls.network, cls.timestamp, cls.last_used_at
        return select(*columns).where(
            cls.user_id == user.id,
            cls.security_stamp == user.security_stamp,
            cls.expires_at > utcnow(),
        )

    @classmethod
    def revoke_others(cls, user: User, row_id: int) -> int:
        """Delete all sessions of `user` but one; return how many were deleted."""
        rows = delete(cls).where(cls.user_id == user.id, cls.id != row_id)
        return rows_changed(db.session.execute(rows))
