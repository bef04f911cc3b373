"""Endpoints for followers and for following users."""

from flask import abort
from flask_login import current_user

from ..models import Blocked, Notification, Permission
from ..permissions import can_follow
from . import api
from .endpoint import endpoint
from .hidden_users import blocked
from .pagination import Paging, list_page
from .schemas import UserList
from .users import visible_user


@api.get("/users/<id:id>/followers/", strict_slashes=False)
@endpoint(query=Paging, response=UserList)
def followers(id: int, query: Paging) -> UserList:
    """List the followers of a user, newest first."""
    user = visible_user(id)
    return list_page(UserList, user.follower_rows(), query, count=user.follower_count)


@api.get("/users/<id:id>/following/", strict_slashes=False)
@endpoint(query=Paging, response=UserList)
def following(id: int, query: Paging) -> UserList:
    """List the users that a user follows, newest first."""
    user = visible_user(id)
    return list_page(UserList, user.followed_rows(), query, count=user.following_count)


@api.put("/me/following/<id:id>")
@endpoint(permission=Permission.FOLLOW, status=204, errors=(409,))
def follow(id: int) -> None:
    """Follow a user.

    Has no effect if you follow the user already. You cannot follow yourself, or a user whom you
    have blocked or who has blocked you.
    """
    user = visible_user(id)
    if not can_follow(user):
        abort(409, "You cannot follow yourself.")
    try:
        is_new = current_user.follow(user)
    except Blocked:
        raise blocked() from None
    if is_new:
        Notification.add_follow(current_user, user)


@api.delete("/me/following/<id:id>")
@endpoint(permission=Permission.FOLLOW, status=204)
def unfollow(id: int) -> None:
    """Unfollow a user.

    Has no effect if you do not follow the user.
    """
    current_user.unfollow(visible_user(id))
