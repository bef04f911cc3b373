"""Who may: one pair of decorators, for pages and programs alike."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import abort
from flask_login import current_user

from .extensions import login_manager
from .models import Permission, User

View = TypeVar("View", bound=Callable[..., Any])


def permission_required(permission: int) -> Callable[[View], View]:
    """Let only those pass who have `permission`.

    A reader who has not logged in is asked to; one who has and may not gets a 403.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                return login_manager.unauthorized()
            if not current_user.can(permission):
                abort(403)
            return view(*args, **kwargs)

        return guarded  # type: ignore[return-value]  # wraps() keeps the signature

    return decorate


def admin_required(view: View) -> View:
    """Let only administrators pass."""
    return permission_required(Permission.ADMIN)(view)


def may_edit(author_id: int) -> bool:
    """Tell whether the reader may change what `author_id` wrote."""
    return _is_reader(author_id) or current_user.is_administrator()


def may_delete(author_id: int) -> bool:
    """Tell whether the reader may delete what `author_id` wrote."""
    return _is_reader(author_id) or current_user.can(Permission.MODERATE)


def may_see(user: User) -> bool:
    """Tell whether this account exists for the reader.

    One that is not confirmed yet does not: it would tell whether the address that was just
    registered had been known. One that has written was confirmed once, and its posts link to it.
    """
    return bool(user.confirmed or user.post_count or current_user.is_administrator())


def may_follow(user: User) -> bool:
    """Tell whether the reader may follow `user`: everybody but themself."""
    return not _is_reader(user.id)


def may_read_suspended() -> bool:
    """Tell whether the reader may read what moderators have hidden."""
    return bool(current_user.can(Permission.MODERATE))


def _is_reader(user_id: int) -> bool:
    return bool(current_user.is_authenticated and current_user.id == user_id)
