"""What a user has read of their notifications."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from .types import UTCDateTime, utcnow

BEFORE_ALL = "1970-01-01 00:00:00"


class NotificationSettings:
    """The columns of `users` that concern notifications."""

    notifications_read_at: Mapped[datetime] = mapped_column(
        UTCDateTime, default=utcnow, server_default=BEFORE_ALL
    )
    unread_count = 0  # at most 100; credential.py sets it for the user of a page
