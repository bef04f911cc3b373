"""Endpoints for blocking and muting users, and the lists of blocked and muted users."""

from collections.abc import Callable

from flask import abort
from flask_login import current_user

from ..errors.problem_details import APIError
from ..models import HiddenUser, TooManyHiddenUsers, User
from ..models.hidden_user import BLOCK, MUTE
from ..permissions import can_follow
from . import api
from .endpoint import AUTHENTICATED, endpoint
from .pagination import Paging, list_page
from .schemas import HiddenUserList
from .users import visible_user


@api.get("/me/blocked/", strict_slashes=False)
@endpoint(permission=AUTHENTICATED, query=Paging, response=HiddenUserList)
def blocked_users(query: Paging) -> HiddenUserList:
    """List the users whom you have blocked, newest first."""
    return list_page(HiddenUserList, HiddenUser.rows(current_user, BLOCK), query)


@api.put("/me/blocked/<id:id>")
@endpoint(permission=AUTHENTICATED, status=204)
def block(id: int) -> None:
    """Block a user.

    You no longer follow each other, and cannot follow each other or comment on each other’s posts.
    Lists contain neither your posts and comments for the user, nor theirs for you. Replaces a
    mute. Has no effect if you have blocked the user already.
    """
    _hide(HiddenUser.block, id)


@api.delete("/me/blocked/<id:id>")
@endpoint(permission=AUTHENTICATED, status=204)
def unblock(id: int) -> None:
    """Unblock a user.

    Has no effect if you have not blocked the user.
    """
    HiddenUser.remove(current_user, visible_user(id), BLOCK)


@api.get("/me/muted/", strict_slashes=False)
@endpoint(permission=AUTHENTICATED, query=Paging, response=HiddenUserList)
def muted_users(query: Paging) -> HiddenUserList:
    """List the users whom you have muted, newest first."""
    return list_page(HiddenUserList, HiddenUser.rows(current_user, MUTE), query)


@api.put("/me/muted/<id:id>")
@endpoint(permission=AUTHENTICATED, status=204)
def mute(id: int) -> None:
    """Mute a user.

    Your lists no longer contain the posts and comments of the user, who does not learn of it. Has
    no effect if you have muted or blocked the user already.
    """
    _hide(HiddenUser.mute, id)


@api.delete("/me/muted/<id:id>")
@endpoint(permission=AUTHENTICATED, status=204)
def unmute(id: int) -> None:
    """Unmute a user.

    Has no effect if you have not muted the user.
    """
    HiddenUser.remove(current_user, visible_user(id), MUTE)


def blocked() -> APIError:
    """Return the error for what a block prevents."""
    return APIError(403, "One of you has blocked the other.", reason="blocked")


def _hide(hide: Callable[[User, User], bool], user_id: int) -> None:
    user = visible_user(user_id)
    if not can_follow(user):
        abort(409, "You cannot block or mute yourself.")
    try:
        hide(current_user._get_current_object(), user)
    except TooManyHiddenUsers:
        detail = f"You can block or mute at most {HiddenUser.MAX} users."
        raise APIError(409, detail, reason="too_many_hidden_users") from None
