"""Login sessions: one for each browser in which a user is logged in."""

from flask import current_app
from sqlalchemy import Index

from .credential import Credential
from .types import utcnow
from .user import User


class LoginSession(Credential):
    """A login in one browser. Its cookies contain the secret and are worthless without the row."""

    __tablename__ = "login_sessions"

    __table_args__ = (
        Index("ix_login_sessions_user_id", "user_id"),
        Index("ix_login_sessions_expires_at", "expires_at"),
    )

    @classmethod
    def issue(cls, user: User, remember: bool) -> str:
        """Add a session for `user`, and return its secret. Delete the user's expired sessions."""
        setting = "REMEMBER_COOKIE_DURATION" if remember else "PERMANENT_SESSION_LIFETIME"
        lifetime = current_app.config[setting]
        _row, secret = cls._issue(user, lifetime, last_used_at=utcnow())
        return secret
