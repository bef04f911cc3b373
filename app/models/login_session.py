"""Login sessions: one for each browser in which a user is logged in."""

from typing import Any

from flask import current_app
from sqlalchemy import Index, false
from sqlalchemy.orm import Mapped, mapped_column

from .credential import Credential
from .types import utcnow
from .user import User


class LoginSession(Credential):
    """A login in one browser. Its cookies contain the secret and are worthless without the row."""

    __tablename__ = "login_sessions"

    # True if the user has also entered a code. While two-factor authentication is on, all sessions
    # of the user are of this kind: switching it on or off ends the others.
    second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (
        Index("ix_login_sessions_user_id", "user_id"),
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
