"""What a user has read of their notifications, and whether they get them by email."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, false
from sqlalchemy.orm import Mapped, mapped_column

from .account import read_token, sign_token
from .types import UTCDateTime, utcnow

BEFORE_ALL = "1970-01-01 00:00:00"


class NotificationSettings:
    """The columns of `users` that concern notifications.

    Email is off until a user asks for it. Users mark email that they do not expect as spam, to the
    harm of all other email of the site.
    """

    DIGEST_INTERVAL: ClassVar = timedelta(hours=20)  # not a day: daily jobs are not punctual
    UNSUBSCRIBE_TTL: ClassVar = 365 * 24 * 3600  # seconds

    notifications_read_at: Mapped[datetime] = mapped_column(
        UTCDateTime, default=utcnow, server_default=BEFORE_ALL
    )
    email_digest: Mapped[bool] = mapped_column(default=False, server_default=false())
    digest_at: Mapped[datetime] = mapped_column(
        UTCDateTime, default=utcnow, server_default=BEFORE_ALL
    )
    unread_count = 0  # at most 100; credential.py sets it for the user of a page

    @classmethod
    def may_get_digest(cls: Any) -> ColumnElement[bool]:
        """Return the condition that an active user wants digests, and has got none today."""
        is_due = cls.email_digest & (cls.digest_at <= utcnow() - cls.DIGEST_INTERVAL)
        may: ColumnElement[bool] = is_due & cls.confirmed & cls.is_shown()
        return may

    def generate_unsubscribe_token(self: Any) -> str:
        """Return a token for `read_unsubscribe_token()`, which works without a login for a year.

        It stays valid when the password or the email address changes: it can do nothing else.
        """
        return sign_token("unsubscribe", {"id": self.id}, self.UNSUBSCRIBE_TTL)


def read_unsubscribe_token(token: str) -> int | None:
    """Return the id of the user of a token, or None if it is invalid."""
    claims = read_token(token, "unsubscribe")
    return None if claims is None else int(claims["id"])
