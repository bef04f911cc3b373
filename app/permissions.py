"""Permission checks of views and templates, for pages and the API."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import abort
from flask_login import current_user

from .extensions import login_manager
from .models import (
    HiddenUser,  # demo-only
    Permission,
    Query,  # demo-only
    Rows,  # demo-only
    Slice,  # demo-only
    User,
    slices,  # demo-only
)

View = TypeVar("View", bound=Callable[..., Any])


def permission_required(permission: int) -> Callable[[View], View]:
    """Require `permission` for a view: anonymous users are asked to log in, others get 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                return login_manager.unauthorized()
            if not current_user.can(permission):
                abort(403)
            return view(*args, **kwargs)

        return wrapper  # type: ignore[return-value]  # wraps() keeps the signature

    return decorate


admin_required = permission_required(Permission.ADMIN)


def can_edit(author_id: int) -> bool:
    """Return True if the current user may edit content of this author."""
    return _is_current_user(author_id) or current_user.is_administrator()


def can_delete(author_id: int) -> bool:
    """Return True if the current user may delete content of this author."""
    return _is_current_user(author_id) or current_user.can(Permission.MODERATE)


def can_view(user: User) -> bool:
    """Return True if the current user may see that this account exists.

    Suspended accounts are hidden, and those that an administrator has unconfirmed, unless content
    links to them.
    """
    if user.deleted_at is not None:
        return False
    if user.suspended_at is not None:
        return bool(current_user.is_administrator())
    return bool(
        user.confirmed
        or user.post_count  # demo-only
        or current_user.is_administrator()
    )


# demo-only: begin
def can_follow(user: User) -> bool:
    """Return True unless `user` is the current user."""
    return not _is_current_user(user.id)


def hides_users() -> bool:
    """Return True if other users may be hidden from the current user: see `HiddenUser`."""
    return bool(current_user.is_authenticated and current_user.hides_users)


def without_hidden(rows: Rows, table: Any, **values: int) -> Callable[[Slice], Query]:
    """Return slices of `rows`, posts or comments, without authors whom the current user hides.

    `table` is their model, and `values` those of its columns: see `slices()`. Moderators see those
    who have blocked them.
    """
    if not hides_users():
        return slices(rows, **values)
    rows = rows.where(*(rows.selected_columns[name] == value for name, value in values.items()))
    blockers = not current_user.can(Permission.MODERATE)
    return HiddenUser.leave_out(rows, table, current_user.id, blockers)


def is_blocked(user_id: int) -> bool:
    """Return True if this user has blocked the current user, or the reverse."""
    return hides_users() and HiddenUser.is_block_between(current_user.id, user_id)


def can_read_suspended() -> bool:
    """Return True if the current user may read suspended comments."""
    return bool(current_user.can(Permission.MODERATE))


# demo-only: end


def _is_current_user(user_id: int) -> bool:
    return bool(current_user.is_authenticated and current_user.id == user_id)
