"""The profile of a user, as the current user sees it."""

from functools import cache
from typing import Any, NamedTuple, Self

from sqlalchemy import (
    Integer,  # demo-only
    bindparam,
    func,
    select,
)

from ..extensions import db
from .follow import Follow  # demo-only
from .hidden_user import HiddenUser  # demo-only
from .user import User


class Profile(NamedTuple):
    """A user, and what they are to the current user."""

    user: User
    # demo-only: begin
    is_following: bool
    follows_me: bool
    hidden_as: str | None  # "block" or "mute"
    has_blocked_me: bool
    # demo-only: end

    @classmethod
    def find(cls, username: str, **user_ids: int | None) -> Self | None:
        """Return the profile of this username, in any case, or None; one query.

        `user_ids` are the other parameters of the query.
        """
        parameters: dict[str, Any] = {"username": username.lower(), **user_ids}
        row: Any = db.session.execute(_query(), parameters).first()
        return cls(*row) if row is not None else None


@cache
def _query() -> Any:
    profile: Any = select(User)
    # demo-only: begin
    current_user_id = bindparam("current_user_id", type_=Integer)
    # The same id, or None if no user is hidden from them: then PostgreSQL looks for nothing.
    hides_for_id = bindparam("hides_for_id", type_=Integer)
    profile = profile.add_columns(
        User.followers.any(Follow.follower_id == current_user_id),
        User.followed.any(Follow.followed_id == current_user_id),
        *HiddenUser.of_profile(User.id, hides_for_id),
    )
    # demo-only: end
    return profile.where(func.lower(User.username) == bindparam("username"))
