"""Endpoints for users and their content, and the profile of the authenticated user."""

from flask import abort
from flask_login import current_user
from sqlalchemy import false  # demo-only

from ..extensions import db
from ..models import (
    Permission,  # demo-only
    Target,
    User,
    feed_of,  # demo-only
    slices,  # demo-only
)
from ..permissions import (
    can_view,
    hides_users,  # demo-only
    is_blocked,  # demo-only
)
from . import api
from .endpoint import AUTHENTICATED, endpoint
from .pagination import Paging, list_page  # demo-only
from .posts import post_rows  # demo-only
from .reports import file_report
from .responses import require_match
from .schemas import (
    CountedPostList,  # demo-only
    MeOut,
    PostList,  # demo-only
    ProfileIn,
    ReportIn,
    UserOut,
)


@api.get("/users/<id:id>")
@endpoint(response=UserOut)
def user(id: int) -> UserOut:
    """Retrieve a user."""
    return UserOut.of(visible_user(id))


@api.put("/users/<id:id>/report")
@endpoint(permission=AUTHENTICATED, body=ReportIn, status=204)
def report_user(id: int, body: ReportIn) -> None:
    """Report a user to the moderators.

    A second report replaces your first one, until moderators have reviewed it.
    """
    visible_user(id)
    file_report(Target("user", id, id), body)


# demo-only: begin
@api.get("/users/<id:id>/posts/", strict_slashes=False)
@endpoint(query=Paging, response=CountedPostList)
def user_posts(id: int, query: Paging) -> CountedPostList:
    """List the posts of a user, newest first.

    The list is empty if you have blocked the user, or the user has blocked you.
    """
    user = visible_user(id)
    is_hidden = is_blocked(id) and not current_user.can(Permission.MODERATE)
    rows = post_rows().where(false()) if is_hidden else slices(post_rows(), author_id=id)
    return list_page(CountedPostList, rows, query, count=user.post_count)


@api.get("/users/<id:id>/timeline/", strict_slashes=False)
@endpoint(permission=AUTHENTICATED, query=Paging, response=PostList)
def timeline(id: int, query: Paging) -> PostList:
    """List the posts of the users that you follow, newest first.

    Only available for your own user id.
    """
    if current_user.id != id:
        abort(403, "You can only read your own timeline.")
    return list_page(PostList, feed_of(id, post_rows(), hides_users()), query)


# demo-only: end


@api.get("/me")
@endpoint(permission=AUTHENTICATED, response=MeOut)
def me() -> MeOut:
    """Retrieve your profile."""
    return MeOut.of(current_user)


@api.patch("/me")
@endpoint(permission=AUTHENTICATED, body=ProfileIn, response=MeOut, conditional=True)
def edit_me(body: ProfileIn) -> MeOut:
    """Update your profile."""
    user = current_user._get_current_object()
    require_match(user, lambda _id: MeOut.of(user))
    user.update_profile(**body.model_dump(exclude_unset=True))
    db.session.flush()
    return MeOut.of(user)


def visible_user(id: int) -> User:
    """Return a user; abort with 404 if there is none or the client may not see it."""
    user = db.get_or_404(User, id)
    if not can_view(user):
        abort(404)
    return user
