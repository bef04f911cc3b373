"""Who follows whom."""

from flask import abort
from flask_login import current_user

from ..models import Follow, Permission, Rows, User
from ..permissions import may_follow
from . import api
from .contract import operation
from .input import Paging
from .lists import beside, part
from .schemas import People, PersonOut
from .users import visible_user


@api.get("/users/<id:id>/followers/", strict_slashes=False)
@operation(query=Paging, answer=People)
def followers(id: int, query: Paging) -> People:
    """List who follows a person, newest first."""
    user = visible_user(id)
    return _people(user.follower_rows(), user.follower_count, query)


@api.get("/users/<id:id>/following/", strict_slashes=False)
@operation(query=Paging, answer=People)
def following(id: int, query: Paging) -> People:
    """List whom a person follows, newest first."""
    user = visible_user(id)
    return _people(user.followed_rows(), user.following_count, query)


@api.put("/me/following/<id:id>")
@operation(needs=Permission.FOLLOW, status=204, refusals=(409,))
def follow(id: int) -> None:
    """Follow somebody.

    Doing so twice changes nothing. You see your own posts anyway: your own id is refused.
    """
    user = visible_user(id)
    if not may_follow(user):
        abort(409, "You see your own posts anyway: there is no need to follow yourself.")
    current_user.follow(user)


@api.delete("/me/following/<id:id>")
@operation(needs=Permission.FOLLOW, status=204)
def unfollow(id: int) -> None:
    """Stop following somebody.

    Doing so twice changes nothing.
    """
    current_user.unfollow(visible_user(id))


def _people(rows: Rows, count: int, query: Paging) -> People:
    page = part(rows, Follow.timestamp, User.id, query)
    return People(users=[PersonOut.of(row) for row in page], count=count, **beside(page))
