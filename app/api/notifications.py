"""Endpoints for the notifications of the authenticated user."""

from datetime import datetime
from typing import Annotated

from flask_login import current_user
from pydantic import AwareDatetime, Field
from sqlalchemy import select

from ..extensions import db
from ..models import Notification, User
from ..models.notification import NotificationKind
from . import api
from .endpoint import AUTHENTICATED, endpoint
from .pagination import Paging, list_page
from .request_parsing import RequestBody
from .responses import ResponseBody
from .schemas import Id, PageOut, Url, url_of


class NotificationOut(ResponseBody):
    """Something that concerns you."""

    id: Id
    kind: NotificationKind
    timestamp: datetime
    unread: bool
    actor: str | None = Field(
        validation_alias="username", description="Username. Null for a decision of moderators."
    )
    actor_url: Annotated[Url | None, url_of("api.user")] = Field(validation_alias="actor_id")
    post_url: Annotated[Url | None, url_of("api.post")] = Field(validation_alias="post_id")
    comment_url: Annotated[Url | None, url_of("api.comment")] = Field(
        validation_alias="comment_id"
    )


class ReadNotificationsIn(RequestBody):
    """The notifications to mark as read."""

    until: AwareDatetime = Field(description="Time of the newest one, with a time zone.")


class NotificationList(PageOut):
    """A page of notifications with the number of unread ones."""

    notifications: list[NotificationOut] = Field(validation_alias="items")
    unread_count: int = Field(description="At most 100.")


@api.get("/notifications/", strict_slashes=False)
@endpoint(permission=AUTHENTICATED, query=Paging, response=NotificationList)
def notifications(query: Paging) -> NotificationList:
    """List your notifications, newest first.

    This marks none as read.
    """
    unread = Notification.timestamp > current_user.notifications_read_at
    rows = Notification.rows_of(current_user).add_columns(unread.label("unread"))
    count = select(Notification.unread_count()).where(User.id == current_user.id)
    unread_count = db.session.scalar(count) or 0
    return list_page(NotificationList, rows, query, unread_count=unread_count)


@api.put("/notifications/read")
@endpoint(permission=AUTHENTICATED, body=ReadNotificationsIn, status=204)
def read_notifications(body: ReadNotificationsIn) -> None:
    """Mark your notifications until a time as read.

    Newer ones, and those that arrive in the meantime, stay unread.
    """
    Notification.mark_read(current_user, body.until)
